import { expect, it } from "vitest";
import { ActorRegistry } from "../../../src/runtime/registry/actor-registry.ts";
import { gatesTarget } from "../../../src/runtime/agents/gate-protocol.ts";
import { supervisorTarget } from "../../../src/runtime/agents/supervisor-target.ts";
import { systemTarget } from "../../../src/runtime/messaging/system-protocol.ts";
import { nameOf } from "../../../src/actors/address.ts";

const counter = { kind: "actor", module: "file:///counter.js", name: "counter" } as const;

it.each([gatesTarget, supervisorTarget, systemTarget].map(({ address }) => nameOf(address)))(
  "gives no actor the name of one of the system's own: %s",
  (name) => {
    const registry = new ActorRegistry();
    expect(() => registry.reserve(counter, name)).toThrow(
      expect.objectContaining({ code: "name-taken", details: { name } }),
    );
    expect(registry.size).toBe(0);
    expect(registry.reserve({ ...counter, name }, undefined)).toBe(`${name}-1`); // an actor defined under that name has another one
  },
);
