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
});
