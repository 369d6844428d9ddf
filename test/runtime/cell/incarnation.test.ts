import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import { decodeError } from "../../../src/errors/error-codec.ts";
import { isTroupeError } from "../../../src/errors/troupe-error.ts";
import type { ActorBody, ActorCell } from "../../../src/runtime/cell/actor-cell.ts";
import type { Delivery } from "../../../src/runtime/cell/delivery.ts";
import type { Frame } from "../../../src/runtime/transport/frame.ts";
import { BehaviourFailure } from "../../../src/runtime/cell/incarnation.ts";
import { newLedger } from "../../../src/runtime/cell/ledger.ts";
import type { ChildCommand } from "../../../src/runtime/transport/supervision-protocol.ts";
import { envelopeOf } from "../transport/frame-arbitrary.ts";
import { LoneHost } from "../host/lone-host.ts";

/** A supervised actor on host 1, which host 2 sends to. Its handler does what the message's type says. */
class Bench extends LoneHost {
  readonly cell: ActorCell;
  /** What was handled, as "id", or "id again" where it may have been before. */
  readonly begun: string[] = [];
  /** What ends the handlers that hang. */
  readonly hanging: { resolve: () => void; reject: (thrown: unknown) => void }[] = [];
  bodies = 0;
  stops = 0;
  /** What making the next body throws. */
  startFails: Error | undefined;

  constructor() {
    super(hostId(1));
    this.attach(hostId(2));
    this.cell = this.host.spawn({
      name: "ada",
      capacity: 8,
      overflow: "backpressure",
      concurrency: 1,
      supervised: { maxDeliveries: 2, ledger: newLedger(), identity: "i", incarnation: 1 },
      body: () => this.#body(),
    });
  }

  #body(): ActorBody {
    if (this.startFails !== undefined) throw this.startFails;
    this.bodies++;
    const handle = (delivery: Delivery): void | Promise<void> => {
      const { id, type, isRepeat } = delivery.envelope;
      this.begun.push(isRepeat ? `${id} again` : String(id));
      if (type === "throw") throw new Error("no");
      if (type === "fail") throw new BehaviourFailure(new Error("no"));
      if (type !== "hang") return delivery.reply(id);
      const held = new Promise<void>((resolve, reject) => this.hanging.push({ resolve, reject }));
      return held.then(() => delivery.reply(id));
    };
    return { handle, stop: () => void this.stops++ };
  }

  ask(...types: string[]): Promise<Frame[]> {
    const asks = types.map((type) =>
      envelopeOf({ id: ++this.#lastId, to: this.cell.address, type, isAsk: true, origin: hostId(2) }),
    );
    this.receive(hostId(2), ...asks);
    return this.run();
  }

  #lastId = 0;

  command(command: ChildCommand): Promise<Frame[]> {
    this.receive(hostId(2), { kind: "child-command", actor: this.cell.address, command });
    return this.run();
  }

  /** What it reported since the last time, by type. */
  told(): string[] {
    return this.reports.splice(0).map(({ type }) => type);
  }
}

/** What askers were answered, as "id: value" or "id: code, may have run or not". */
function answers(frames: readonly Frame[]): string[] {
  return frames
    .filter((frame) => frame.kind === "reply")
    .map(({ id, answer }) => {
      if (answer.ok) return `${id}: ${String(answer.value)}`;
      const error = decodeError(answer.error) as Error & { code: string; mayHaveRun: boolean };
      return `${id}: ${error.code}, ${error.mayHaveRun ? "may have run" : "never ran"}`;
    });
}

/** How far host 2 was told its messages are done with. */
function settledUpTo(frames: readonly Frame[]): number | undefined {
  return frames.findLast((frame) => frame.kind === "settled")?.settled;
}

describe("a supervised actor whose handler throws", () => {
  it("reports that, and handles nothing until its supervisor has decided; the asker still waits", async () => {
    const bench = new Bench();
    const frames = await bench.ask("throw", "reply");
    expect(bench.reports).toMatchObject([{ type: "handler-failed", message: "throw", deliveries: 1 }]);
    expect([bench.begun, answers(frames), bench.cell.waiting]).toEqual([["1"], [], 2]);
    expect(await bench.ask("reply")).toEqual([]);
  });

  it("goes on without the message when it is resumed", async () => {
    const bench = new Bench();
    await bench.ask("throw", "reply");
    const frames = await bench.command({ type: "resume" });
    expect(answers(frames)).toEqual(["1: handler-failed, may have run", "2: 2"]);
    expect(settledUpTo(frames)).toBe(2);
    expect(bench.failures).toEqual(["throw: no"]);
    expect([bench.bodies, bench.cell.waiting]).toEqual([1, 0]);
  });

  it("handles the message again when it is restarted, but not more often than it may", async () => {
    const bench = new Bench();
    await bench.ask("throw", "reply");
    expect(await bench.command({ type: "restart" })).toEqual([]);
    expect(bench.told()).toEqual(["handler-failed", "started", "handler-failed"]);
    expect([bench.bodies, bench.stops, bench.begun]).toEqual([2, 1, ["1", "1 again"]]);
    const frames = await bench.command({ type: "restart" });
    expect(answers(frames)).toEqual(["1: max-deliveries, may have run", "2: 2"]);
    expect(bench.letters).toMatchObject([{ reason: "max-deliveries", type: "throw", detail: "no" }]);
    expect(bench.begun).toEqual(["1", "1 again", "2"]);
    expect(settledUpTo(frames)).toBe(2);
  });

  it("stays down, and keeps the message, when its new body can't be made", async () => {
    const bench = new Bench();
    await bench.ask("throw");
    bench.startFails = new Error("no database");
    await bench.command({ type: "restart" });
    expect(bench.told()).toEqual(["handler-failed", "start-failed"]);
    bench.startFails = undefined;
    await bench.command({ type: "restart" });
    expect(bench.begun).toEqual(["1", "1 again"]);
  });

  it("fails the message when it is stopping anyway", async () => {
    const bench = new Bench();
    await bench.ask("hang", "reply");
    await bench.command({ type: "stop", mode: "drain" });
    bench.hanging[0]?.reject(new Error("no"));
    expect(answers(await bench.run())).toEqual(["1: handler-failed, may have run", "2: 2"]);
    expect([bench.told(), bench.stopped]).toEqual([[], [bench.cell.address]]);
  });

  it("tells a behaviour's failure from a handler's", async () => {
    const bench = new Bench();
    await bench.ask("fail");
    expect(bench.reports).toMatchObject([{ type: "behaviour-failed", error: { message: "no" } }]);
  });
});

describe("a supervised actor that is suspended", () => {
  it("says so at once when it is idle, and takes no message before it is restarted", async () => {
    const bench = new Bench();
    await bench.command({ type: "suspend" });
    expect(bench.told()).toEqual(["suspended"]);
    expect(bench.cell.signal.aborted).toBe(true);
    expect(await bench.ask("reply")).toEqual([]);
    expect(answers(await bench.command({ type: "restart" }))).toEqual(["1: 1"]);
    expect([bench.told(), bench.cell.signal.aborted]).toEqual([["started"], false]);
  });

  it("finishes the message in hand before it says so", async () => {
    const bench = new Bench();
    await bench.ask("hang", "reply");
    await bench.command({ type: "suspend" });
    expect(bench.told()).toEqual([]);
    bench.hanging[0]?.resolve();
    expect(answers(await bench.run())).toEqual(["1: 1"]);
    expect([bench.told(), bench.begun]).toEqual([["suspended"], ["1"]]);
  });

  it("begins a message again that failed for being told to stop, and doesn't count it", async () => {
    const bench = new Bench();
    await bench.ask("hang");
    await bench.command({ type: "suspend" });
    bench.hanging[0]?.reject(new Error("aborted"));
    expect(answers(await bench.run())).toEqual([]);
    for (let n = 1; n <= 3; n++) {
      await bench.command({ type: "restart" });
      await bench.command({ type: "suspend" });
      bench.hanging[n]?.reject(new Error("aborted"));
      await bench.run();
    }
    expect(bench.begun).toEqual(["1", "1", "1", "1"]);
    expect(bench.letters).toEqual([]);
  });
});

describe("a supervised actor that is stopped", () => {
  it("leaves what waits to its senders' hosts", async () => {
    const bench = new Bench();
    await bench.ask("hang", "reply");
    await bench.command({ type: "stop", mode: "discard" });
    await bench.ask("reply");
    bench.hanging[0]?.resolve();
    const frames = await bench.run();
    expect([answers(frames), bench.letters, settledUpTo(frames)]).toEqual([["1: 1"], [], 1]);
    expect(bench.stopped).toEqual([bench.cell.address]);
  });

  it("hears no more commands but to be let go of", async () => {
    const bench = new Bench();
    await bench.ask("hang");
    await bench.command({ type: "stop", mode: "drain" });
    for (const type of ["resume", "restart", "suspend"] as const) await bench.command({ type });
    expect([bench.told(), bench.bodies]).toEqual([[], 1]);
    await bench.command({ type: "abandon", isFinal: false });
    expect(bench.told()).toEqual(["abandoned"]);
  });
});

describe("a supervised actor that is left behind", () => {
  it("has no effect any more: no answer, nothing settled, nothing sent, no commit", async () => {
    const bench = new Bench();
    await bench.ask("hang", "reply");
    const stopped = bench.cell.stop("drain");
    await bench.command({ type: "abandon", isFinal: false });
    await stopped;
    expect([bench.told(), bench.stops, bench.host.cells.size]).toEqual([["abandoned"], 1, 0]);
    expect([bench.cell.isFenced, bench.cell.signal.aborted]).toEqual([true, true]);
    const target = { address: bench.cell.address, capacity: 8, overflow: "backpressure", check: undefined } as const;
    const refusal = await bench.host.messenger.tell(bench.cell, target, "x", 1).catch((error: unknown) => error);
    expect(isTroupeError(refusal, "actor-stopped")).toBe(true);
    bench.hanging[0]?.resolve();
    expect([await bench.run(), bench.begun]).toEqual([[], ["1"]]);
  });

  it("is not reported when it is left for good, or has ended already", async () => {
    const bench = new Bench();
    await bench.command({ type: "abandon", isFinal: true });
    await bench.command({ type: "abandon", isFinal: false });
    expect([bench.told(), bench.stops]).toEqual([[], 1]);
  });
});

describe("a supervised behaviour that is over", () => {
  it("is its supervisor's to decide on", async () => {
    const bench = new Bench();
    bench.cell.incarnation?.behaviourEnded({ type: "completed" });
    expect([bench.told(), await bench.ask("reply")]).toEqual([["completed"], []]);
    expect(answers(await bench.command({ type: "restart" }))).toEqual(["1: 1"]);
  });

  it("isn't news while it is told to pause, and drains nothing while it stops", async () => {
    const bench = new Bench();
    await bench.command({ type: "suspend" });
    bench.cell.incarnation?.behaviourEnded({ type: "completed" });
    expect(bench.told()).toEqual(["suspended"]);
    await bench.command({ type: "restart" });
    await bench.ask("hang", "reply");
    await bench.command({ type: "stop", mode: "drain" });
    bench.cell.incarnation?.behaviourEnded({ type: "completed" });
    bench.hanging[0]?.resolve();
    await bench.run();
    expect([bench.begun, bench.stopped]).toEqual([["1"], [bench.cell.address]]);
  });
});
