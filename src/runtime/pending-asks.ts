/** The asks of one host that wait for an answer: replies, deadlines, aborts, dead threads. */

import type { Address } from "../actors/address.ts";
import { hostOf } from "../actors/address.ts";
import { AskError } from "../errors/ask-error.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Reply } from "./thread-host.ts";

interface PendingAsk {
  readonly to: Address;
  readonly type: string;
  readonly timeout: number;
  /** In the clock's milliseconds; Infinity for none. */
  readonly deadline: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

export interface AskTerms {
  readonly to: Address;
  readonly type: string;
  /** Milliseconds; Infinity for no deadline. */
  readonly timeout: number;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

export class PendingAsks {
  readonly #clock: Clock;
  readonly #asks = new Map<number, PendingAsk>();
  /** The asks that each signal ends: one listener serves all, since Node.js warns of a leak at eleven. */
  readonly #bySignal = new Map<AbortSignal, Set<number>>();
  /** One timer serves all asks: it fires at the earliest deadline, then looks for the next. */
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#asks.size;
  }

  has(id: number): boolean {
    return this.#asks.has(id);
  }

  add(id: number, { to, type, timeout, deadline, signal }: AskTerms): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#asks.set(id, { to, type, timeout, deadline, resolve, reject, signal });
      if (signal !== undefined) this.#listen(id, signal);
      if (signal?.aborted === true) this.#abort(id, signal);
      else if (deadline < this.#timerAt) this.#arm(deadline);
    });
  }

  resolve(id: number, reply: Reply): void {
    this.#take(id)?.resolve(reply);
  }

  reject(id: number, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** Rejects every ask of the actors on a host, or of all with no host given. */
  rejectAll(host: number | undefined, toError: (ask: { to: Address; type: string }) => AskError): void {
    for (const [id, ask] of [...this.#asks]) {
      if (host === undefined || hostOf(ask.to) === host) this.reject(id, toError(ask));
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #take(id: number): PendingAsk | undefined {
    const ask = this.#asks.get(id);
    if (ask === undefined) return undefined;
    this.#asks.delete(id);
    if (ask.signal !== undefined) this.#unlisten(id, ask.signal);
    return ask;
  }

  #listen(id: number, signal: AbortSignal): void {
    const ids = this.#bySignal.get(signal);
    if (ids !== undefined) {
      ids.add(id);
      return;
    }
    this.#bySignal.set(signal, new Set([id]));
    signal.addEventListener("abort", this.#onAbort);
  }

  #unlisten(id: number, signal: AbortSignal): void {
    const ids = this.#bySignal.get(signal);
    ids?.delete(id);
    if (ids?.size !== 0) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = ({ target }: Event): void => {
    const signal = target as AbortSignal;
    for (const id of [...(this.#bySignal.get(signal) ?? [])]) this.#abort(id, signal);
  };

  #abort(id: number, signal: AbortSignal): void {
    const ask = this.#take(id);
    if (ask === undefined) return;
    const { to, type } = ask;
    ask.reject(
      new AskError("cancelled", "cancelled", `the asker gave up on "${type}" to ${to}; it may still be handled`, {
        cause: signal.reason,
        details: { to, type },
      }),
    );
  }

  #arm(deadline: number): void {
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#clock.setTimer(Math.max(0, deadline - this.#clock.now()), this.#expire);
  }

  readonly #expire = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [id, ask] of [...this.#asks]) {
      if (ask.deadline > now) {
        next = Math.min(next, ask.deadline);
        continue;
      }
      const { to, type, timeout } = ask;
      const message = `${to} did not answer "${type}" within ${timeout} ms; it may have handled it, or may still`;
      this.reject(id, new AskError("timed-out", "timed-out", message, { details: { to, type, timeout } }));
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  };
}
