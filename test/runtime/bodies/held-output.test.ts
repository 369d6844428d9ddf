import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { hostId, makeAddress } from "../../../src/actors/address.ts";
import { PayloadCodec } from "../../../src/contracts/payload-codec.ts";
import { defineActor } from "../../../src/index.ts";
import { BoundRef } from "../../../src/runtime/messaging/actor-ref.ts";
import { targetOf } from "../../../src/runtime/messaging/definition-target.ts";
import type { Target } from "../../../src/runtime/messaging/target.ts";
import { HeldOutput } from "../../../src/runtime/bodies/held-output.ts";
import { ValueCopier } from "../../../src/values/value-copier.ts";
import { ledger } from "../../fixtures/durable-actors.ts";

const maxBytes = 1_000;

function outgoing(): { out: HeldOutput; codec: PayloadCodec } {
  const copier = new ValueCopier(maxBytes);
  const codec = new PayloadCodec({ maxBytes });
  return { out: new HeldOutput({ copier }, codec), codec };
}

const anna = makeAddress(hostId(2), "anna");
const unknown: Target = { address: anna, capacity: 5, overflow: "reject", check: undefined };
const known = targetOf(ledger, anna);

describe("what a durable actor's handler sends", () => {
  it("is kept in order, for a name and not for a thread", () => {
    const { out } = outgoing();
    out.post(unknown, "a", 1);
    out.post({ ...unknown, address: makeAddress(hostId(7), "with.dot-and_more") }, "b", undefined);
    expect(out.posted).toEqual([
      { to: { name: "anna", capacity: 5, overflow: "reject" }, type: "a", payload: 1 },
      { to: { name: "with.dot-and_more", capacity: 5, overflow: "reject" }, type: "b", payload: undefined },
    ]);
  });

  it.each([
    ["known", known],
    ["unknown", unknown],
  ])("is a copy, where the receiver's definition is %s", (_, target) => {
    const { out } = outgoing();
    const payload = { cents: 5 };
    out.post(target, "add", payload);
    payload.cents = 6;
    expect(out.posted[0]?.payload).toEqual({ cents: 5 });
  });

  it("comes back as it was, dates, maps, bytes and what looks like our own marks included", () => {
    const { out, codec } = outgoing();
    const payload = {
      since: new Date(5),
      marks: new Map([["a", new Set([1n])]]),
      bytes: new Uint8Array([1, 2]),
      odd: { "@troupe": "payload", value: 1 },
    };
    out.post(unknown, "x", payload);
    expect(codec.decode(out.posted[0]?.payload)).toEqual(payload);
  });

  it.each([
    ["at the top", (ref: BoundRef): unknown => ref],
    ["within", (ref: BoundRef): unknown => ({ list: [{ ref }] })],
    ["in a map", (ref: BoundRef): unknown => new Map([["a", ref]])],
  ])("keeps its refs %s", (_, payloadOf) => {
    const { out } = outgoing();
    const revived: unknown[] = [];
    const codec = new PayloadCodec({ maxBytes, revive: (value) => revived.push(value) });
    out.post(unknown, "x", payloadOf(new BoundRef({ host: { system: {} }, target: known } as never)));
    codec.decode(out.posted[0]?.payload);
    expect(revived).toHaveLength(1); // so there is something to revive, which is what gets the refs back
  });

  it("is refused at once when it doesn't fit, can't be copied or is too large, and nothing is kept of it", () => {
    const { out } = outgoing();
    const refused = (code: string) => expect.objectContaining({ code }) as Error;
    expect(() => out.post(known, "add", { cents: "5" })).toThrow(refused("contract-violated"));
    expect(() => out.post(known, "nonsense", {})).toThrow(refused("no-such-message"));
    expect(() => out.post(unknown, "x", { f: () => undefined })).toThrow(refused("not-cloneable"));
    expect(() => out.post(unknown, "x", "x".repeat(maxBytes))).toThrow(refused("message-too-large"));
    expect(out.posted).toEqual([]);
  });

  it("keeps copies of events as well", () => {
    const { out } = outgoing();
    const event = { at: { cents: 5 } };
    out.emit(event);
    event.at.cents = 6;
    expect(out.events).toEqual([{ event: { at: { cents: 5 } }, hasRefs: false }]);
    expect(() => out.emit({ f: () => undefined })).toThrow(expect.objectContaining({ code: "not-cloneable" }));
  });

  it("is what the schema makes of it", () => {
    const { out } = outgoing();
    const trimmed = targetOf(
      defineActor(import.meta.url, {
        name: "x",
        protocol: { say: { input: v.pipe(v.string(), v.trim()) } },
        on: { say: () => undefined },
      }),
      makeAddress(hostId(1), "x"),
    );
    out.post(trimmed, "say", "  a ");
    expect(out.posted[0]?.payload).toBe("a");
  });
});
