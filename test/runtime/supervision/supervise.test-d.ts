import { describe, expectTypeOf, it } from "vitest";
import type { Decider, Decision, Failure, Gone, SupervisorHandle, System } from "../../../src/index.ts";
import { straight } from "../../fixtures/journey.ts";
import { counter } from "../../fixtures/actors.ts";
import { guardian } from "../../fixtures/supervised-actors.ts";

declare const system: System;

describe("system.supervise", () => {
  it("takes actors and supervisors as children, and nothing else", () => {
    const child = { name: "a", actor: counter };
    expectTypeOf(system.supervise({ name: "t", children: [child] })).resolves.toEqualTypeOf<SupervisorHandle>();
    void system.supervise({ name: "t", children: [{ name: "s", supervisor: { children: [child] } }, child] });
    // @ts-expect-error a workflow is no actor
    void system.supervise({ name: "t", children: [{ name: "a", actor: straight }] });
    // @ts-expect-error there is no such strategy
    void system.supervise({ name: "t", strategy: "all-for-one", children: [child] });
    // @ts-expect-error there is no such kind
    void system.supervise({ name: "t", children: [{ ...child, restart: "always" }] });
  });

  it("asks its decider for a decision about a failure, told apart by its kind", () => {
    expectTypeOf<Parameters<Decider>[1]>().toEqualTypeOf<Failure>();
    expectTypeOf<ReturnType<Decider>>().toEqualTypeOf<Decision>();
    expectTypeOf<Extract<Failure, { kind: "handler-failed" }>["deliveries"]>().toEqualTypeOf<number>();
  });
});

describe("watching", () => {
  it("tells what an actor's own message takes", () => {
    expectTypeOf(system.watch({ address: "1/a" as never })).resolves.toEqualTypeOf<Gone>();
    expectTypeOf(system.spawn(guardian)).resolves.toHaveProperty("tell");
  });
});
