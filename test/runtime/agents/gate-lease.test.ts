/** Leases on a gate: what its two ends see of each other. */

import { describe, expect, it } from "vitest";
import { Lessee, Lessor } from "../../../src/runtime/agents/gate-lease.ts";

function twoActors(generation: number | undefined = 0) {
  const lessor = new Lessor();
  lessor.lend(generation);
  return { lessor, a: new Lessee(lessor.lease("a")), b: new Lessee(lessor.lease("b")) };
}

describe("a lease on a gate", () => {
  it("lets calls go ahead while the breaker is closed, and says in which generation", () => {
    const { lessor, a, b } = twoActors(3);
    expect([a.goAhead(), b.goAhead()]).toEqual([3, 3]);
    lessor.lend(undefined);
    expect([a.goAhead(), b.goAhead()]).toEqual([undefined, undefined]);
    lessor.lend(5);
    expect(a.goAhead()).toBe(5);
  });

  it("lets none ahead, at any actor, from a failure on until that is counted", () => {
    const { lessor, a, b } = twoActors();
    a.failed();
    a.failed();
    expect([a.goAhead(), b.goAhead()]).toEqual([undefined, undefined]);
    lessor.counted("a");
    expect(b.goAhead()).toBeUndefined();
    lessor.counted("a");
    expect(b.goAhead()).toBe(0);
  });

  it("says of an actor that is gone how many of its calls are not over, and waits for none of its failures", () => {
    const { lessor, a, b } = twoActors();
    a.goAhead();
    a.goAhead();
    a.goAhead();
    lessor.ended("a");
    a.failed();
    expect(b.goAhead()).toBeUndefined();
    expect(lessor.end("a")).toBe(2);
    expect(b.goAhead()).toBe(0);
    expect(lessor.end("a")).toBe(0);
    lessor.counted("a"); // what it had told arrives late
    expect(b.goAhead()).toBe(0);
    expect(lessor.actors).toEqual(["b"]);
  });

  it("tells the successes of all actors, each once, in their slices of the window", () => {
    const { lessor, a, b } = twoActors();
    for (const slice of [70, 70, 71]) {
      a.goAhead();
      a.succeeded(slice);
    }
    b.goAhead();
    b.succeeded(71);
    expect(lessor.successes(71)).toEqual([
      { slice: 70, calls: 2 },
      { slice: 71, calls: 1 },
      { slice: 71, calls: 1 },
    ]);
    expect(lessor.successes(71)).toEqual([]);
    a.succeeded(71);
    a.succeeded(70 + 16); // in the place of an older one
    expect(lessor.successes(86)).toEqual([
      { slice: 86, calls: 1 },
      { slice: 71, calls: 1 },
    ]);
    expect(lessor.end("b")).toBe(0);
  });

  it("tells slices right that are too large for its memory, and those of a clock that is ahead", () => {
    const { lessor, a } = twoActors();
    const now = 5 * 2 ** 30 + 1;
    a.succeeded(now - 3);
    a.succeeded(now + 1);
    expect(lessor.successes(now).toSorted((one, other) => one.slice - other.slice)).toEqual([
      { slice: now - 3, calls: 1 },
      { slice: now + 1, calls: 1 },
    ]);
  });
});
