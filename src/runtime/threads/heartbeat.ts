/**
 * The heartbeat of a thread's host: a counter in shared memory. The thread counts it up, and its opener sees whether it goes
 * on, also while the thread answers nothing.
 */

import type { Clock } from "../../ports/clock.ts";

export type Heartbeat = SharedArrayBuffer;

export function newHeartbeat(): Heartbeat {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** How often a heart has beaten; 0 before its host is up. Wraps around: only a difference tells something. */
export function beatsOf(heartbeat: Heartbeat): number {
  return Atomics.load(new Int32Array(heartbeat), 0);
}

/**
 * Returns the beat, for the thread whose heartbeat it is. A beat takes a nanosecond or two, so that each message can have one: the
 * thread is the only writer, and a reader sees a plain store soon enough.
 */
export function beatOf(heartbeat: Heartbeat): () => void {
  const counter = new Int32Array(heartbeat);
  let beats = 0;
  return () => {
    counter[0] = ++beats;
  };
}

/** Milliseconds between two beats of a host with nothing to do, and between two looks at it. */
export function beatInterval(stallTimeout: number): number {
  return Math.min(500, stallTimeout / 10);
}

/** Beats from now on whenever the event loop gets to it. */
export function keepBeating(clock: Clock, interval: number, beat: () => void): void {
  beat();
  clock.setTimer(interval, () => keepBeating(clock, interval, beat));
}
