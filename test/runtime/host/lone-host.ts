/** A host by itself: what it reports and sends is written down, time and turns are the test's. */

import { type HostId, hostId } from "../../../src/actors/address.ts";
import type { DeadLetter } from "../../../src/runtime/transport/envelope.ts";
import type { Frame } from "../../../src/runtime/transport/frame.ts";
import { encodeBatch, framesOf, openBatch, type WireBatch } from "../../../src/runtime/transport/frame-codec.ts";
import type { ChildReport } from "../../../src/runtime/transport/supervision-protocol.ts";
import type { SystemReport } from "../../../src/runtime/transport/system-report.ts";
import { ThreadHost } from "../../../src/runtime/host/thread-host.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";

export class LoneHost {
  readonly clock = new FakeClock();
  readonly letters: DeadLetter[] = [];
  readonly failures: string[] = [];
  readonly stopped: string[] = [];
  readonly reports: ChildReport[] = [];
  readonly host: ThreadHost;
  readonly #turns: (() => void)[] = [];
  readonly #links = new Map<HostId, { readonly sent: Frame[]; receive: (batch: unknown) => void; batches: number }>();

  constructor(id: HostId = hostId(1)) {
    const task = (run: () => void): void => void this.#turns.push(run);
    this.host = new ThreadHost({
      settings: { id, messagesPerTurn: 2, maxMessageBytes: 10_000, askTimeout: 5_000, loadTimeout: 5_000 },
      system: {},
      clock: this.clock,
      random: { next: () => 0.5, id: () => "x" },
      turns: { schedule: task, atEndOfTurn: task, atEndOfLoop: task },
      report: (report) => this.#keep(report),
      position: () => 0,
      store: { fromReplica: () => undefined, fromAuthority: () => undefined, reached: () => undefined },
    });
  }

  /** Links it to another host, which the test is. */
  attach(peer: HostId): void {
    const link = { sent: [] as Frame[], receive: (_: unknown): void => undefined, batches: 0 };
    this.#links.set(peer, link);
    this.host.attach(peer, {
      send: (batch) => link.sent.push(...framesOf(openBatch(structuredClone(batch) as WireBatch), this.host.id)),
      receive: (onBatch) => (link.receive = onBatch),
      drain: () => undefined,
      close: () => undefined,
    });
  }

  /** Runs all that there is to run, and returns what was sent to a host since the last time. */
  async run(peer: HostId = hostId(2)): Promise<Frame[]> {
    await settled();
    for (let turn = this.#turns.shift(); turn !== undefined; turn = this.#turns.shift()) {
      turn();
      await settled();
    }
    return this.#links.get(peer)?.sent.splice(0) ?? [];
  }

  #keep(report: SystemReport): void {
    if (report.type === "dead-letter") this.letters.push(report.letter);
    else if (report.type === "failure") this.failures.push(`${report.message}: ${report.error.message}`);
    else if (report.type === "stopped") this.stopped.push(report.actor);
    else if (report.type === "child") this.reports.push(report.report);
  }

  /** Frames arrive from another host. */
  receive(peer: HostId, ...frames: Frame[]): void {
    const link = this.#links.get(peer);
    link?.receive(structuredClone(encodeBatch(++link.batches, 0, frames)));
  }
}

/** Lets the promises that have settled tell so. */
async function settled(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}
