import fc from "fast-check";
import { expect, it } from "vitest";
import { originCause, originOf, runCause, runOf } from "../../../src/store/versions/cause.ts";

it("tells a run from its cause, and other causes from runs", () => {
  fc.assert(
    fc.property(fc.string(), (run) => {
      expect(runOf(runCause(run))).toBe(run);
      expect(originOf(runCause(run))).toBeUndefined();
    }),
  );
  expect(runOf(undefined)).toBeUndefined();
  expect(runOf("fork run/1@2")).toBeUndefined();
});

it("tells what a version was taken from, whatever the key is called", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.constantFrom("fork" as const, "revert" as const), (id, version, how) => {
      const origin = { key: `family/${id}`, version };
      expect(originOf(originCause(how, origin))).toEqual(origin);
      expect(runOf(originCause(how, origin))).toBeUndefined();
    }),
  );
  expect(originOf("fork a/1@2@3")).toEqual({ key: "a/1@2", version: 3 });
  for (const cause of [undefined, "", "fork", "fork a/1", "fork a/1@", "forks a/1@2"])
    expect(originOf(cause)).toBeUndefined();
});
