import { describe, expect, it } from "vitest";
import { type Address, hostId, makeAddress } from "../../../src/actors/address.ts";
import { AskError } from "../../../src/errors/ask-error.ts";
import { SendWindows } from "../../../src/runtime/messaging/send-windows.ts";
import { envelopeOf } from "../transport/frame-arbitrary.ts";

const [ada, ben, eve] = [makeAddress(hostId(1), "ada"), makeAddress(hostId(1), "ben"), makeAddress(hostId(2), "eve")];

/** The windows of a host, what went through them, and whom a closed one turned away. */
class Bench {
  readonly sent: string[] = [];
  readonly dropped: string[] = [];
  readonly turnedAway: string[] = [];
  paths = 0;
  isReachable = true;
  readonly windows = new SendWindows({
    pathTo: (actor) => {
      this.paths++;
      return ({ id }) => this.sent.push(`${actor} ${id}`);
    },
    unreachable: (actor, type) => (this.isReachable ? undefined : gone({ to: actor, type })),
    onDropped: ({ to, id }) => this.dropped.push(`${to} ${id}`),
  });

  offer(to: Address, id: number, overflow: "backpressure" | "drop-oldest" = "backpressure"): void {
    const target = { address: to, capacity: 1, overflow, check: undefined };
    const admission = this.windows.to(target, "add").offer(envelopeOf({ to, id }), false);
    if (admission instanceof Promise)
      admission.catch((error: unknown) => this.turnedAway.push(`${id}: ${(error as Error).message}`));
  }
}

const gone = ({ to, type }: { to: string; type: string }) =>
  new AskError("rejected", "actor-stopped", `${to}, ${type}`);
const ids = (envelopes: readonly { to: string; id: number }[]) => envelopes.map(({ to, id }) => `${to} ${id}`);
/** Lets the promises that have settled tell so. */
const settled = async (): Promise<void> => {
  for (let n = 0; n < 5; n++) await Promise.resolve();
};

describe("the windows of a host", () => {
  it("are one for each actor, whichever sender sends to it", () => {
    const bench = new Bench();
    bench.offer(ada, 1);
    bench.offer(eve, 2);
    bench.offer(ada, 3); // has to wait
    expect([bench.sent, bench.paths]).toEqual([["1/ada 1", "2/eve 2"], 2]);
    bench.windows.credit(ada, 1);
    expect(bench.sent).toEqual(["1/ada 1", "2/eve 2", "1/ada 3"]);
    bench.windows.creditUpTo(ada, 3);
    bench.windows.credit(ben, 5); // nothing was sent to it
    bench.windows.creditUpTo(ben, 5);
    bench.offer(ada, 4);
    expect(bench.sent.at(-1)).toBe("1/ada 4");
  });

  it("are opened to no actor that nothing can reach", () => {
    const bench = new Bench();
    bench.offer(ada, 1);
    bench.isReachable = false;
    bench.offer(ada, 2); // the window stays until its host is told
    bench.windows.close(ada, gone);
    expect(() => bench.offer(ada, 3)).toThrow("1/ada, add");
    expect([bench.sent, bench.paths]).toEqual([["1/ada 1"], 1]);
  });

  it("tell of what made room for newer messages", () => {
    const bench = new Bench();
    for (let id = 1; id <= 4; id++) bench.offer(ada, id, "drop-oldest");
    expect(bench.dropped).toEqual(["1/ada 2", "1/ada 3"]);
  });

  it("turn away who waits when an actor is gone, and return what is on its way", async () => {
    const bench = new Bench();
    for (const [to, id] of [
      [ada, 1],
      [ada, 2],
      [ben, 3],
      [ben, 4],
    ] as const)
      bench.offer(to, id);
    expect(ids(bench.windows.close(ada, gone))).toEqual(["1/ada 1"]);
    expect(bench.windows.close(ada, gone)).toEqual([]);
    await settled();
    expect(bench.turnedAway).toEqual(["2: 1/ada, a message"]);
    bench.offer(ada, 5); // to a later one of its name
    expect([bench.sent, bench.paths]).toEqual([["1/ada 1", "1/ben 3", "1/ada 5"], 3]);
  });

  it("do so for all actors of a host, and for all there are", async () => {
    const bench = new Bench();
    for (const [to, id] of [
      [ada, 1],
      [eve, 2],
      [ben, 3],
      [ben, 4],
      [eve, 5],
    ] as const)
      bench.offer(to, id);
    expect(ids(bench.windows.closeAll(gone, hostId(1)))).toEqual(["1/ada 1", "1/ben 3"]);
    await settled();
    expect(bench.turnedAway).toEqual(["4: 1/ben, a message"]);
    expect(ids(bench.windows.closeAll(gone))).toEqual(["2/eve 2"]);
    await settled();
    expect(bench.turnedAway).toEqual(["4: 1/ben, a message", "5: 2/eve, a message"]);
  });

  it("begin anew with a later actor of the same name", () => {
    const bench = new Bench();
    bench.offer(ada, 1);
    bench.windows.forget(ada);
    bench.offer(ada, 2);
    expect(bench.sent).toEqual(["1/ada 1", "1/ada 2"]);
    expect(ids(bench.windows.close(ada, gone))).toEqual(["1/ada 2"]);
  });
});
