import { describe, expect, it } from "vitest";
import { type Address, homeHost, hostId, makeAddress, makeSupervisedAddress } from "../../../src/actors/address.ts";
import type { OverflowPolicy } from "../../../src/actors/mailbox-options.ts";
import { isAskError } from "../../../src/errors/ask-error.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { Sender, Target } from "../../../src/runtime/messaging/target.ts";
import { type Envelope, never } from "../../../src/runtime/transport/envelope.ts";
import type { Frame } from "../../../src/runtime/transport/frame.ts";
import type { HostAskOptions } from "../../../src/runtime/messaging/messenger.ts";
import { LoneHost } from "../host/lone-host.ts";

const eve = makeAddress(hostId(2), "eve");
const roamer = makeSupervisedAddress("roamer");

/** Host 1, where code sends to actors of host 2, and what became of what it sent. */
class Bench extends LoneHost {
  readonly sender = {
    address: makeAddress(hostId(1), "ada"),
    token: 7,
    cause: 3,
    seen: 0,
    observe(position: number) {
      this.seen = position;
    },
  };
  /** By message, what its promise came to. */
  readonly outcomes = new Map<number, string>();

  constructor() {
    super(hostId(1));
    this.attach(hostId(2));
    this.attach(homeHost);
  }

  target(address: Address = eve, overflow: OverflowPolicy = "backpressure"): Target {
    return { address, capacity: 2, overflow, check: undefined };
  }

  tell(payload: number, target = this.target()): void {
    this.#note(payload, this.host.messenger.tell(this.sender, target, "m", payload));
  }

  ask(payload: number, options?: HostAskOptions, target = this.target(), sender: Sender = this.sender): void {
    this.#note(payload, this.host.messenger.ask(sender, target, "m", payload, options));
  }

  #note(n: number, promise: Promise<unknown>): void {
    promise.then(
      (value) => this.outcomes.set(n, value === undefined ? "done" : `answered ${JSON.stringify(value)}`),
      (error: unknown) =>
        this.outcomes.set(n, isAskError(error) ? `${error.outcome}, ${error.code}` : `not an ask's: ${String(error)}`),
    );
  }

  /** The messages that have left since the last time. */
  async messages(peer = 2): Promise<Envelope[]> {
    return (await this.run(hostId(peer))).filter((frame): frame is Envelope => frame.kind === "message");
  }

  /** Host 2 dies. */
  die(): Promise<Frame[]> {
    this.host.detach(hostId(2), new TroupeError("thread-died", "thread 2 died"));
    return this.run();
  }
}

const located = {
  kind: "located",
  actor: roamer,
  host: hostId(2),
  incarnation: 1,
  settled: 0,
  inHand: 0,
  isLost: false,
} as const;

describe("what is told", () => {
  it("leaves sealed: a copy, with who sent it, what that had seen, and what it was doing", async () => {
    const bench = new Bench();
    const payload = { list: [1] };
    void bench.host.messenger.tell(bench.sender, bench.target(), "m", payload);
    payload.list.push(2);
    const [message] = await bench.messages();
    expect(message).toMatchObject({ to: eve, from: "1/ada", payload: { list: [1] }, token: 7, cause: 3, origin: 1 });
    expect(message).toMatchObject({ isAsk: false, deadline: never, isChecked: false, hasRefs: false, isJson: true });
  });

  it("waits for room, and goes on with the credit, in order (invariants 2 and 7)", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 4; n++) bench.tell(n);
    expect((await bench.messages()).map(({ payload }) => payload)).toEqual([1, 2]);
    expect([...bench.outcomes]).toEqual([1, 2].map((n) => [n, "done"]));
    bench.receive(hostId(2), { kind: "credit", to: eve, count: 2, gone: false });
    expect((await bench.messages()).map(({ payload }) => payload)).toEqual([3, 4]);
    expect(bench.outcomes.size).toBe(4);
  });

  it("to an actor of its own host arrives there", async () => {
    const bench = new Bench();
    const got: unknown[] = [];
    bench.host.spawn({
      name: "ben",
      capacity: 2,
      overflow: "backpressure",
      concurrency: 1,
      body: () => ({ handle: ({ envelope }) => void got.push(envelope.payload), stop: () => undefined }),
    });
    for (let n = 1; n <= 5; n++) bench.tell(n, bench.target(makeAddress(hostId(1), "ben")));
    expect(await bench.run()).toEqual([]);
    expect(got).toEqual([1, 2, 3, 4]); // the fifth was one more than may wait
    expect(bench.outcomes.get(5)).toBe("rejected, mailbox-full");
  });

  it("is turned away when its receiver has stopped, and what is on its way is its host's to make a dead letter of", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 3; n++) bench.tell(n);
    bench.receive(hostId(2), { kind: "credit", to: eve, count: 0, gone: true });
    await bench.run();
    expect([bench.outcomes.get(3), bench.letters]).toEqual(["rejected, actor-stopped", []]);
  });

  it("becomes a dead letter here when its receiver's thread died with it, and never leaves afterwards (invariant 6)", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 3; n++) bench.tell(n);
    await bench.die();
    bench.tell(4);
    await bench.run();
    expect(bench.outcomes.get(3)).toBe("rejected, thread-died");
    expect(bench.outcomes.get(4)).toBe("rejected, thread-died");
    expect(bench.letters.map(({ payload, reason }) => [payload, reason])).toEqual([
      [1, "thread-died"],
      [2, "thread-died"],
    ]);
  });
});

describe("what is asked", () => {
  it("resolves to the answer, and the sender has seen what the answering actor had", async () => {
    const bench = new Bench();
    bench.ask(1, { timeout: 200, idempotencyKey: "k" });
    const [message] = await bench.messages();
    expect(message).toMatchObject({ isAsk: true, deadline: 1_200, idempotencyKey: "k", isRepeat: true, isTold: false });
    const { id } = message as Envelope;
    const answer = { ok: true, value: 9, hasRefs: false, isJson: true } as const;
    bench.receive(hostId(2), { kind: "reply", id, answer, token: 12 });
    await bench.run();
    expect([bench.outcomes.get(1), bench.sender.seen]).toEqual(["answered 9", 12]);
  });

  it("never waits longer than what it is asked for does, and isn't sent for what is no longer wanted", async () => {
    const bench = new Bench();
    const ended = new AbortController();
    ended.abort(new Error("enough"));
    bench.ask(1, { signal: ended.signal });
    bench.ask(2, { timeout: 0 });
    bench.ask(3, { timeout: Number.NaN });
    bench.ask(4, {}, bench.target(), { ...bench.sender, isFenced: true });
    expect(await bench.messages()).toEqual([]);
    expect([...bench.outcomes.values()]).toEqual([
      "cancelled, cancelled",
      "rejected, timed-out",
      "rejected, invalid-options",
      "rejected, actor-stopped",
    ]);
  });

  it("tells the receiver when its asker stops waiting, if it was sent", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 3; n++) bench.ask(n, { timeout: 100 });
    const ids = (await bench.messages()).map(({ id }) => id);
    bench.clock.pass(100);
    const cancels = (await bench.run()).filter(({ kind }) => kind === "cancel");
    expect(cancels).toEqual(ids.map((id) => ({ kind: "cancel", to: eve, id, code: "timed-out" })));
    expect([...bench.outcomes.values()]).toEqual([
      "timed-out, timed-out",
      "timed-out, timed-out",
      "rejected, timed-out",
    ]);
  });

  it("ends at once when the thread dies: as failed if it was sent, which may have been handled", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 3; n++) bench.ask(n);
    await bench.die();
    expect([1, 2, 3].map((n) => bench.outcomes.get(n))).toEqual([
      "failed, thread-died",
      "failed, thread-died",
      "rejected, thread-died",
    ]);
  });

  it.each<[OverflowPolicy, number, string]>([
    ["drop-newest", 3, "overflow"],
    ["drop-oldest", 3, "overflow"],
    ["reject", 3, ""],
  ])("is told when a full mailbox drops it, under %s", async (overflow, dropped, reason) => {
    const bench = new Bench();
    for (let n = 1; n <= 5; n++) bench.ask(n, {}, bench.target(eve, overflow));
    await bench.run();
    expect(bench.outcomes.get(dropped)).toBe("rejected, mailbox-full");
    expect(bench.letters[0]?.reason ?? "").toBe(reason);
  });

  it("is given up when its actor stops", async () => {
    const bench = new Bench();
    bench.ask(1);
    bench.ask(2, { isTold: true }); // who stops waiting to hear of it doesn't call it off
    await bench.run();
    bench.host.remove(bench.sender.address, false);
    await bench.run();
    expect([...bench.outcomes]).toEqual([[1, "cancelled, actor-stopped"]]);
  });

  it("is given up when the system closes, and none is taken after that", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 3; n++) bench.ask(n);
    await bench.host.stopActors();
    bench.ask(4);
    await bench.run();
    expect([1, 2, 3, 4].map((n) => bench.outcomes.get(n))).toEqual([
      "failed, system-closed",
      "failed, system-closed",
      "rejected, system-closed",
      "rejected, system-closed",
    ]);
  });
});

describe("what is for a supervised actor", () => {
  it("waits until it is known where that is, and goes there again after the thread's death", async () => {
    const bench = new Bench();
    bench.tell(1, bench.target(roamer));
    expect(await bench.run(homeHost)).toEqual([{ kind: "report", report: { type: "locate", actor: roamer } }]);
    bench.receive(homeHost, located);
    expect((await bench.messages()).map(({ payload }) => payload)).toEqual([1]);
    await bench.die();
    expect(bench.letters).toEqual([]);
    bench.receive(homeHost, { ...located, host: homeHost, incarnation: 2, isLost: true });
    expect((await bench.messages(0)).map(({ payload }) => payload)).toEqual([1]);
  });

  it("becomes dead letters when that is gone for good; what it had begun may have had effects", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 3; n++) bench.ask(n, {}, bench.target(roamer));
    bench.receive(homeHost, located);
    const [first] = await bench.messages();
    const { actor, settled, isLost } = located;
    const begun = first?.id ?? 0;
    bench.receive(homeHost, { kind: "departed", actor, settled, inHand: begun, isLost, reason: "stopped" });
    await bench.run();
    expect([1, 2, 3].map((n) => bench.outcomes.get(n))).toEqual([
      "failed, actor-stopped",
      "rejected, actor-stopped",
      "rejected, actor-stopped",
    ]);
    expect(bench.letters.map(({ payload, reason }) => [payload, reason])).toEqual([
      [1, "actor-stopped"],
      [2, "actor-stopped"],
    ]);
  });

  it("is buried when the system closes while it is nowhere", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 3; n++) bench.tell(n, bench.target(roamer));
    bench.host.close();
    bench.tell(4, bench.target(roamer));
    await bench.run();
    expect(bench.letters.map(({ payload, reason }) => [payload, reason])).toEqual([
      [1, "system-closed"],
      [2, "system-closed"],
    ]);
    expect([3, 4].map((n) => bench.outcomes.get(n))).toEqual(["rejected, system-closed", "rejected, system-closed"]);
  });

  it("is not buried then if it is known to be done with", async () => {
    const bench = new Bench();
    for (let n = 1; n <= 2; n++) bench.tell(n, bench.target(roamer));
    bench.host.close((actor) => ({ settled: actor === roamer ? 1 : 0, inHand: 0 }));
    expect(bench.letters.map(({ payload }) => payload)).toEqual([2]);
  });
});
