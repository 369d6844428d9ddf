import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import { OpenAsks } from "../../../src/runtime/cell/open-asks.ts";
import type { Delivery } from "../../../src/runtime/cell/delivery.ts";

const delivery = (origin: number, id: number): Delivery => ({ envelope: { origin, id } }) as Delivery;

describe("asks in hand", () => {
  it("are found by who asked and the number of the ask there, until they are done", () => {
    const asks = new OpenAsks();
    const [one, other] = [delivery(1, 7), delivery(2, 7)];
    asks.add(one);
    asks.add(other);
    expect([
      asks.find(hostId(1), 7),
      asks.find(hostId(2), 7),
      asks.find(hostId(1), 8),
      asks.find(hostId(3), 7),
    ]).toEqual([one, other, undefined, undefined]);
    asks.remove(one);
    asks.remove(delivery(3, 1));
    expect([asks.find(hostId(1), 7), asks.find(hostId(2), 7)]).toEqual([undefined, other]);
  });

  it("of a host that is gone are forgotten with it", () => {
    const asks = new OpenAsks();
    const [one, other] = [delivery(1, 7), delivery(1, 8)];
    for (const each of [one, other, delivery(2, 1)]) asks.add(each);
    expect([...asks.takeFrom(hostId(1))]).toEqual([one, other]);
    expect([asks.find(hostId(1), 7), [...asks.takeFrom(hostId(1))]]).toEqual([undefined, []]);
    asks.remove(one);
    expect(asks.find(hostId(2), 1)).toBeDefined();
  });
});
