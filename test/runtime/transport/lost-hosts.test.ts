import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import { LostHosts } from "../../../src/runtime/transport/lost-hosts.ts";

describe("why hosts are gone", () => {
  it("is remembered of the last hundred, and told in general of others", () => {
    const lost = new LostHosts();
    for (let i = 1; i <= 101; i++) lost.add(hostId(i), new Error(`the end of ${i}`));
    expect(lost.reason(hostId(101))).toMatchObject({ message: "the end of 101" });
    expect(lost.reason(hostId(2))).toMatchObject({ message: "the end of 2" });
    expect(lost.reason(hostId(1))).toMatchObject({ code: "thread-died", message: "thread 1 is gone" });
    expect(lost.reason(hostId(500))).toMatchObject({ code: "thread-died", details: { thread: 500 } });
  });
});
