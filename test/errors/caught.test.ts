import { describe, expect, it } from "vitest";
import { isAskError } from "../../src/errors/ask-error.ts";
import { caught, causesOf, messageOf } from "../../src/errors/caught.ts";
import { isTroupeError, TroupeError } from "../../src/errors/troupe-error.ts";
import { odd } from "../fixtures/odd.ts";

describe("what is caught", () => {
  it("stays what it is if it can be looked at", () => {
    class Declined extends Error {
      get code(): string {
        return "E_DECLINED";
      }
    }
    const ordinary = [
      new Declined("no"),
      new TroupeError("system-closed", "the system is closed"),
      new DOMException("aborted", "AbortError"),
      { status: 429 },
      "words",
      undefined,
      null,
      Symbol("mark"),
      Object.create(null),
    ];
    for (const thrown of ordinary) expect(caught(thrown)).toBe(thrown);
  });

  it.each(Object.entries(odd))("can be looked at, however odd: %s", (_name, make) => {
    const thrown = caught(make());
    expect(() => [
      thrown instanceof Error ? `${thrown.name}${thrown.message}` : undefined,
      typeof thrown === "object" && thrown !== null ? [Reflect.get(thrown, "code"), Reflect.get(thrown, "cause")] : [],
    ]).not.toThrow();
    expect(typeof messageOf(make())).toBe("string");
    expect([isTroupeError(make()), isTroupeError(make(), "conflict"), isAskError(make())]).toEqual([
      false,
      false,
      false,
    ]);
    expect([...causesOf(make())].length).toBeLessThanOrEqual(32);
  });

  it("says what it was as far as that can be read", () => {
    const draft = new Proxy({ why: "no stock" }, {});
    expect(caught(draft)).toEqual({ why: "no stock" });
    const { "an error whose name can't be read": make } = odd;
    expect(caught(make())).toMatchObject({ name: "Error", message: "odd" });
    expect(messageOf(Object.assign(new Error("x"), { message: 5 }))).toBe("5");
    expect([...causesOf(new Error("outer", { cause: new Error("inner", { cause: 7 }) }))].map(messageOf)).toEqual([
      "outer",
      "inner",
      "7",
    ]);
  });
});
