import { expect, it } from "vitest";
import { deferred } from "../../../src/async/deferred.ts";
import { definitionId, type DefinitionLoader } from "../../../src/runtime/definitions/definition-loader.ts";
import type { Definitions } from "../../../src/runtime/definitions/is-definition.ts";
import { patientLoader } from "../../../src/runtime/definitions/patient-loader.ts";
import { counter } from "../../fixtures/actors.ts";

/** A loader whose loads end when they are told to, and a clock whose timers fire when they are told to. */
function bench() {
  const loading = deferred<Definitions["actor"]>();
  const timers = new Set<() => void>();
  const inner: DefinitionLoader = { load: () => loading.promise as Promise<never>, remember: () => undefined };
  const clock = {
    jumped: () => 0,
    now: () => 0,
    setTimer: (_ms: number, fire: () => void) => {
      timers.add(fire);
      return { cancel: () => void timers.delete(fire) };
    },
  };
  const loader = patientLoader(inner, clock, 1_000);
  /** All timers fire, so often. */
  const tick = (times: number): void => {
    for (let n = 0; n < times; n++) {
      for (const fire of [...timers]) {
        timers.delete(fire);
        fire();
      }
    }
  };
  return { loading, timers, tick, load: () => loader.load(definitionId(counter)), loader };
}

const tooLong = { code: "module-failed", details: { name: "counter", kind: "actor" } };

it("gives what loads in time, and leaves no timer", async () => {
  const { loading, timers, tick, load } = bench();
  const one = load();
  const other = load();
  tick(9);
  loading.resolve(counter);
  expect([await one, await other]).toEqual([counter, counter]);
  expect(timers.size).toBe(0);
  expect(await load()).toBe(counter);
  expect(timers.size).toBe(0);
});

it("gives up after its time, at once the next time, and takes what loads after all", async () => {
  const { loading, timers, tick, load } = bench();
  const first = load();
  tick(10);
  await expect(first).rejects.toMatchObject(tooLong);
  await expect(load()).rejects.toMatchObject(tooLong);
  expect(timers.size).toBe(0);
  loading.resolve(counter);
  await Promise.resolve();
  expect(await load()).toBe(counter);
});

it("passes on why a module doesn't load", async () => {
  const { loading, timers, load } = bench();
  const one = load();
  loading.reject(new Error("no such file"));
  await expect(one).rejects.toThrow("no such file");
  expect(timers.size).toBe(0);
});
