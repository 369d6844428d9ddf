/**
 * Delivers the messages that a durable actor's commits contain. It sends each parcel again and again until the receiver has
 * handled it or certainly never will; to each receiver one at a time, in the order sent (invariant 2). This is the
 * transactional outbox of message-oriented systems; see Gray and Reuter, "Transaction Processing" (1992), on queues.
 */

import type { Address } from "../../actors/address.ts";
import { pauseOf } from "../../actors/backoff.ts";
import type { Parcel } from "../../actors/outbox-state.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { ErrorCode } from "../../errors/error-code.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { Timer } from "../../ports/clock.ts";
import type { ActorCell } from "../cell/actor-cell.ts";
import type { Sender } from "../messaging/target.ts";
import { keyOfParts, scopeKey } from "../../store/versions/idempotency-key.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import { systemTarget } from "../messaging/system-protocol.ts";
import type { ActorServices } from "../cell/actor-services.ts";
import type { Position } from "../../store/versions/snapshot.ts";

/** The pauses before a parcel is sent again. */
const backoff = { first: 20, factor: 2, max: 5_000, jitter: 0 } as const;

/** The error codes that end a parcel's delivery: the receiver has handled the message, or will never take it. */
const finalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "handler-failed",
  "max-deliveries",
  "contract-violated",
  "no-such-message",
]);

export interface OutboxOptions {
  readonly host: Pick<ActorServices["host"], "clock" | "copier" | "report"> & {
    readonly messenger: Pick<ActorServices["host"]["messenger"], "ask">;
  };
  readonly cell: Pick<ActorCell, "address" | "token">;
  readonly codec: PayloadCodec;
  /** Together with a parcel's number, identifies the parcel to its receiver. */
  readonly sender: string;
  /** A receiver has handled a parcel, or never will. */
  readonly onDelivered: (number: number) => void;
  /** Called when a receiver can't be reached for now. */
  readonly onPause: () => void;
}

/** The parcels for one receiver. */
interface Route {
  readonly name: string;
  readonly parcels: Parcel[];
  address: Address | undefined;
  /** Parcels up to this number may have been sent before. */
  sentUpTo: number;
  /** How often in a row its receiver could not be reached. */
  failures: number;
  isPausing: boolean;
}

export class Outbox {
  readonly #options: OutboxOptions;
  /** The sender of all parcels. */
  readonly #sender: Sender;
  readonly #routes = new Map<string, Route>();
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#sender = new ParcelSender(options.cell);
  }

  /** True when all is delivered except what waits for receivers that can't be reached for now. */
  get isIdle(): boolean {
    return [...this.#routes.values()].every(({ isPausing }) => isPausing);
  }

  /**
   * Takes parcels to deliver, in the order of their numbers.
   *
   * @param isRepeat whether the parcels may have been sent before.
   */
  add(parcels: readonly Parcel[], isRepeat: boolean): void {
    if (this.#isStopped) return;
    for (const parcel of parcels) {
      const route = this.#routes.get(parcel.to.name) ?? this.#open(parcel.to.name);
      route.parcels.push(parcel);
      if (isRepeat) route.sentUpTo = parcel.number;
      if (route.parcels.length === 1) void this.#serve(route);
    }
  }

  /** Delivers nothing more: what is left is in the store. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#routes.clear();
  }

  #open(name: string): Route {
    const route = { name, parcels: [], address: undefined, sentUpTo: 0, failures: 0, isPausing: false };
    this.#routes.set(name, route);
    return route;
  }

  async #serve(route: Route): Promise<void> {
    for (let parcel = route.parcels[0]; parcel !== undefined; parcel = route.parcels[0]) {
      const isOver = await this.#deliver(route, parcel);
      if (this.#isStopped) return;
      if (!isOver) {
        route.address = undefined;
        route.sentUpTo = Math.max(route.sentUpTo, parcel.number);
        this.#later(route);
        return;
      }
      route.parcels.shift();
      route.failures = 0;
      if (route.parcels.length === 0) this.#routes.delete(route.name);
      this.#options.onDelivered(parcel.number);
    }
  }

  /** Sends a parcel; returns whether the receiver is done with it. Never throws. */
  async #deliver(route: Route, parcel: Parcel): Promise<boolean> {
    const { host, codec, sender } = this.#options;
    const { number, to, type, payload } = parcel;
    route.address ??= await this.#find(to.name);
    if (route.address === undefined) return false;
    try {
      const { capacity, overflow } = to;
      const target = { address: route.address, capacity, overflow, check: undefined };
      await host.messenger.ask(this.#senderOf(parcel), target, type, codec.decode(payload), {
        timeout: Number.POSITIVE_INFINITY,
        key: scopeKey(keyOfParts("mail", sender, String(number))),
        isRepeat: number <= route.sentUpTo,
        isTold: true,
      });
      return true;
    } catch (error) {
      if (isTroupeError(error, "system-closed")) this.stop();
      if (isTroupeError(error, "handler-failed")) this.#deadLetter(route.address, parcel, error);
      return isTroupeError(error) && finalCodes.has(error.code);
    }
  }

  #senderOf({ trace }: Parcel): Sender {
    return trace === undefined ? this.#sender : new ParcelSender(this.#options.cell, { traceparent: trace });
  }

  /** Never throws. */
  async #find(name: string): Promise<Address | undefined> {
    const { host } = this.#options;
    try {
      return (await host.messenger.ask(this.#sender, systemTarget, "find", { name })) as Address | undefined;
    } catch (error) {
      if (isTroupeError(error, "system-closed")) this.stop();
      return undefined;
    }
  }

  /** The receiver makes dead letters only of what it refuses. A handler's failure is told to the asker, which is this outbox. */
  #deadLetter(to: Address, { type, payload }: Parcel, { message }: Error): void {
    const { host, codec } = this.#options;
    const copy = host.copier.copy(codec.decode(payload), "a dead letter", Number.POSITIVE_INFINITY);
    const letter = { reason: "handler-failed", to, from: this.#sender.address, type, payload: copy } as const;
    host.report({
      type: "dead-letter",
      letter: { ...letter, detail: message },
      isJson: host.copier.isJson,
      hasAsker: false,
    });
  }

  #later(route: Route): void {
    const pause = pauseOf(backoff, ++route.failures, 0);
    route.isPausing = true;
    const timer = this.#options.host.clock.setTimer(pause, () => {
      this.#timers.delete(timer);
      route.isPausing = false;
      void this.#serve(route);
    });
    this.#timers.add(timer);
    this.#options.onPause();
  }
}

/** No message is the cause of a parcel, and its answer doesn't raise the actor's causal token. */
class ParcelSender implements Sender {
  readonly cause = 0;
  readonly trace: TraceContext | undefined;
  readonly #cell: OutboxOptions["cell"];

  constructor(cell: OutboxOptions["cell"], trace?: TraceContext) {
    this.#cell = cell;
    this.trace = trace;
  }

  get address(): Address {
    return this.#cell.address;
  }

  /** At least the position of the commits that contain the parcels. */
  get token(): Position {
    return this.#cell.token;
  }

  observe(): void {
    // the answer doesn't raise the token
  }
}
