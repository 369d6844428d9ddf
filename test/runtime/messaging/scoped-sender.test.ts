import { describe, expect, it } from "vitest";
import { hostId, makeAddress } from "../../../src/actors/address.ts";
import { Cancellation } from "../../../src/async/cancellation.ts";
import { ScopedSender } from "../../../src/runtime/messaging/scoped-sender.ts";

const actor = {
  address: makeAddress(hostId(1), "a"),
  token: 3,
  cause: 0,
  isFenced: false,
  seen: 0,
  observe(position: number) {
    this.seen = position;
  },
};

const scopeOf = () => ({ deadline: 100, cancellation: new Cancellation(), isOver: false });

describe("a scoped sender", () => {
  it("sends as its actor does, for what is being done", () => {
    const scope = scopeOf();
    const sender = new ScopedSender(actor, scope, 7);
    sender.observe(9);
    expect(actor.seen).toBe(9);
    expect(sender).toMatchObject({ address: "1/a", token: 3, cause: 7, isFenced: false, heldOutput: undefined });
    expect(sender.scope).toBe(scope);
    actor.isFenced = true;
    expect(sender.isFenced).toBe(true);
  });

  it.each(["as what is done is over", "as it is told"])("sends for nothing any more %s", (how) => {
    const scope = scopeOf();
    const sender = new ScopedSender(actor, scope, 7);
    if (how === "as it is told") sender.end();
    else scope.isOver = true;
    expect([sender.scope, sender.cause]).toEqual([undefined, 0]);
  });
});
