/**
 * One host's end of a link: gathers frames into batches, drops batches that arrive twice, and says which can't be read. A batch leaves at a size
 * limit; at the end of the turn if an asker waits for a frame in it; otherwise when all else that is ready has run.
 */

import type { HostId } from "../../actors/address.ts";
import type { Link } from "../../ports/link.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Frame } from "./frame.ts";
import { encodeBatch, framesOf, openBatch, type WireBatch } from "./frame-codec.ts";

/** Larger batches gain nothing and delay the first of their frames (`bench/messages.ts`). */
const maxFrames = 256;

export interface BatchedLinkOptions {
  readonly peer: HostId;
  readonly link: Link;
  readonly turns: Turns;
  /** The position that each batch carries. */
  readonly position: () => number;
  /** What goes along with a batch that is sent; `undefined` for nothing. */
  readonly along?: (() => Frame | undefined) | undefined;
  readonly onBatch: (frames: Frame[], position: number) => void;
  /** Told of the first batch that can't be read, or handled; none that follows is looked at. */
  readonly onUnreadable: (batch: unknown, error: unknown) => void;
}

export class BatchedLink {
  readonly peer: HostId;
  readonly #link: Link;
  readonly #turns: Turns;
  readonly #position: () => number;
  readonly #along: BatchedLinkOptions["along"];
  #frames: Frame[] = [];
  #isUrgent = false;
  #sent = 0;
  #received = 0;
  #isReadable = true;

  constructor({ peer, link, turns, position, along, onBatch, onUnreadable }: BatchedLinkOptions) {
    this.peer = peer;
    this.#link = link;
    this.#turns = turns;
    this.#position = position;
    this.#along = along;
    link.receive((data) => {
      if (!this.#isReadable) return;
      try {
        const batch = openBatch(data as WireBatch);
        const [number, at] = batch.parts;
        if (number <= this.#received) return; // delivered before
        this.#received = number;
        onBatch(framesOf(batch, peer), at);
      } catch (error) {
        this.#isReadable = false;
        onUnreadable(data, error);
      }
    });
  }

  send(frame: Frame): void {
    const waiting = this.#frames.push(frame);
    if (waiting >= maxFrames) this.flush();
    else if (!this.#isUrgent && isAwaited(frame)) {
      this.#isUrgent = true;
      this.#turns.atEndOfTurn(this.flush);
    } else if (waiting === 1) this.#turns.atEndOfLoop(this.flush);
  }

  readonly flush = (): void => {
    if (this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    this.#isUrgent = false;
    const along = this.#along?.();
    if (along !== undefined) frames.push(along);
    this.#link.send(encodeBatch(++this.#sent, this.#position(), frames));
  };

  /** Takes in what has arrived, now. */
  drain(): void {
    this.#link.drain();
  }

  close(): void {
    this.drain(); // closing would lose it
    this.flush();
    this.#link.close();
  }
}

/**
 * True for asks and their answers: a microsecond counts for them, a full batch for the rest. Sending everything at the end
 * of the turn takes a fifth off an ask, and costs a workflow half of its throughput (`bench/`).
 */
function isAwaited(frame: Frame): boolean {
  return frame.kind === "reply" || (frame.kind === "message" && frame.isAsk);
}
