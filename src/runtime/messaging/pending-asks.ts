/** The asks of one host that wait for an answer: replies, deadlines, aborts, dead threads. */

import { type Address, type HostId, hostOf } from "../../actors/address.ts";
import type { AskScope } from "../../actors/ask-scope.ts";
import { Alarm } from "../../async/alarm.ts";
import type { CallParts } from "../../agents/streamed-call.ts";
import type { Cancellation, CancellationListener } from "../../async/cancellation.ts";
import type { AskError } from "../../errors/ask-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { CancelCode } from "../transport/envelope.ts";
import type { Answer } from "../transport/frame.ts";
import type { OpenSpan } from "../../traces/recorder.ts";
import { givenUp, type GivenUpAsk, type GivenUpCode, unsentReason } from "./ask-errors.ts";
import type { Sender } from "./target.ts";

/** A successful answer and the causal token that came with it. */
export interface Reply {
  readonly answer: Extract<Answer, { ok: true }>;
  readonly token: Position;
}

export interface AskTerms {
  readonly to: Address;
  /** Who asks. Once there is an answer, it has seen what the answering actor had seen. */
  readonly sender: Sender;
  readonly type: string;
  /** Milliseconds; Infinity for no deadline. */
  readonly timeout: number;
  /** In the clock's milliseconds; Infinity for none. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  /** What is being handled, which the ask ends with. */
  readonly scope: AskScope | undefined;
  /** True for a tell whose sender only wants to know when it is handled: to stop waiting doesn't call it off. */
  readonly isTold: boolean;
  /** The actors that wait, each for the next one, where the ask closes a circle of asks. */
  readonly circle?: readonly Address[] | undefined;
  /** Set for an ask that wants parts of its answer ahead of it. */
  readonly listener?: PartsListener | undefined;
  /** Ends with the ask; absent where it is not recorded. */
  readonly span?: OpenSpan | undefined;
}

/** Wants parts of an answer ahead of it. */
export interface PartsListener {
  /** Calls the ask off when it aborts. */
  readonly leaving: Cancellation;
  /** Takes parts in, and what their sender had seen; calls `passed` once it is past them. */
  take(parts: CallParts, token: Position, passed: () => void): void;
}

/** One ask that waits. */
export class PendingAsk implements GivenUpAsk, CancellationListener {
  readonly id: number;
  readonly to: Address;
  readonly sender: Sender;
  readonly type: string;
  readonly timeout: number;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly scope: AskScope | undefined;
  readonly isTold: boolean;
  readonly circle: readonly Address[] | undefined;
  readonly listener: PartsListener | undefined;
  readonly span: OpenSpan | undefined;
  isSent = false;
  /** What the sender gets. */
  readonly answer: Promise<unknown>;
  resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  readonly #asks: PendingAsks;

  constructor(asks: PendingAsks, id: number, terms: AskTerms) {
    const { to, sender, type, timeout, deadline, signal, scope, isTold } = terms;
    this.#asks = asks;
    this.id = id;
    this.to = to;
    this.sender = sender;
    this.type = type;
    this.timeout = timeout;
    this.deadline = deadline;
    this.signal = signal;
    this.scope = scope;
    this.isTold = isTold;
    this.circle = terms.circle;
    this.listener = terms.listener;
    this.span = terms.span;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The asking actor; absent outside of any. */
  get from(): Address | undefined {
    return this.sender.address;
  }

  /**
   * Rejects the answer. Where the receiver is gone, or has no room, the message is a dead letter, as a tell is: then the rejection
   * mustn't end the process though no code handles it (invariant 9). Any other error is a mistake in the message or its handler,
   * and rejects as any promise does.
   */
  reject(error: unknown): void {
    if (unsentReason(error) !== undefined) this.answer.catch(ignore);
    this.#reject(error);
  }

  /** The work that the ask was made for is no longer wanted. */
  abort(error: unknown): void {
    this.#asks.giveUp(this, "cancelled", error);
  }

  /** Call before sending it. Returns false if the ask has ended, and is not to be sent. */
  send(): boolean {
    return (this.isSent = this.#asks.has(this.id));
  }
}

export interface PendingAsksOptions {
  readonly clock: Clock;
  /** Told when an ask begins to wait, and when it is over. */
  readonly observer?: ((ask: PendingAsk, isOver: boolean) => void) | undefined;
  /** Tells the receiver that its asker has stopped waiting. */
  readonly cancel: (to: Address, id: number, code: CancelCode) => void;
  /** Makes of a reply what its asker gets. */
  readonly open: (reply: Reply, asker: Sender) => unknown;
}

/** Owns the asks that wait, and the one timer for their deadlines. Each ends once: by its answer, or given up (invariant 12). */
export class PendingAsks {
  readonly #clock: Clock;
  readonly #cancel: PendingAsksOptions["cancel"];
  readonly #open: PendingAsksOptions["open"];
  readonly #observer: PendingAsksOptions["observer"];
  readonly #asks = new Map<number, PendingAsk>();
  /** The asks that each signal ends: one listener serves all, since Node.js warns of a leak at eleven. */
  readonly #bySignal = new Map<AbortSignal, Set<PendingAsk>>();
  /** Set to the earliest deadline. */
  readonly #alarm: Alarm;

  constructor({ clock, cancel, open, observer }: PendingAsksOptions) {
    this.#observer = observer;
    this.#clock = clock;
    this.#cancel = cancel;
    this.#open = open;
    this.#alarm = new Alarm(clock, () => this.#expire());
  }

  get size(): number {
    return this.#asks.size;
  }

  has(id: number): boolean {
    return this.#asks.has(id);
  }

  find(id: number): PendingAsk | undefined {
    return this.#asks.get(id);
  }

  add(id: number, terms: AskTerms): PendingAsk {
    const ask = new PendingAsk(this, id, terms);
    const { signal, scope, deadline, listener } = ask;
    this.#asks.set(id, ask);
    this.#observer?.(ask, false);
    if (signal !== undefined) this.#listen(ask, signal);
    scope?.cancellation.add(ask);
    listener?.leaving.add(ask);
    if (signal?.aborted === true) ask.abort(signal.reason);
    else this.#alarm.bringForward(deadline);
    return ask;
  }

  resolve(id: number, reply: Reply): void {
    const ask = this.#take(id);
    if (ask === undefined) return;
    ask.span?.end();
    try {
      ask.resolve(this.#open(reply, ask.sender));
    } catch (error) {
      ask.reject(error);
    }
  }

  reject(id: number, error: unknown): void {
    const ask = this.#take(id);
    ask?.span?.fail(error);
    ask?.reject(error);
  }

  /** Rejects every ask of the actors on a host that is gone. */
  rejectAll(host: HostId, toError: (ask: PendingAsk) => AskError): void {
    for (const ask of [...this.#asks.values()]) if (hostOf(ask.to) === host) this.reject(ask.id, toError(ask));
  }

  /** The asker of one ask doesn't wait any longer. */
  giveUp(ask: PendingAsk, code: GivenUpCode, cause?: unknown): void {
    if (this.#take(ask.id) === undefined) return;
    if (ask.isSent && !ask.isTold && code !== "system-closed") this.#cancel(ask.to, ask.id, code);
    const error = givenUp(ask, code, cause);
    ask.span?.fail(error);
    ask.reject(error);
  }

  /** No asker waits any longer; with `isOver`, none of the asks that it picks does. */
  giveUpAll(code: GivenUpCode, isOver: (ask: PendingAsk) => boolean = () => true, cause?: unknown): void {
    for (const ask of [...this.#asks.values()]) if (isOver(ask)) this.giveUp(ask, code, cause);
  }

  close(): void {
    this.#alarm.set(Number.POSITIVE_INFINITY);
  }

  #take(id: number): PendingAsk | undefined {
    const ask = this.#asks.get(id);
    if (ask === undefined) return undefined;
    this.#asks.delete(id);
    this.#observer?.(ask, true);
    if (ask.signal !== undefined) this.#unlisten(ask, ask.signal);
    ask.scope?.cancellation.remove(ask);
    ask.listener?.leaving.remove(ask);
    return ask;
  }

  #listen(ask: PendingAsk, signal: AbortSignal): void {
    const asks = this.#bySignal.get(signal);
    if (asks !== undefined) {
      asks.add(ask);
      return;
    }
    this.#bySignal.set(signal, new Set([ask]));
    signal.addEventListener("abort", this.#onAbort);
  }

  #unlisten(ask: PendingAsk, signal: AbortSignal): void {
    const asks = this.#bySignal.get(signal);
    asks?.delete(ask);
    if (asks?.size !== 0) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = ({ target }: Event): void => {
    const signal = target as AbortSignal;
    for (const ask of [...(this.#bySignal.get(signal) ?? [])]) ask.abort(signal.reason);
  };

  #expire(): void {
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const ask of [...this.#asks.values()]) {
      if (ask.deadline > now) next = Math.min(next, ask.deadline);
      else this.giveUp(ask, "timed-out");
    }
    this.#alarm.bringForward(next);
  }
}

function ignore(): void {}
