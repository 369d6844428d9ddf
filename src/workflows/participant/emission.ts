/**
 * What the code of one attempt emits: parts, which are sent on while some code listens, no faster than they are taken
 * (invariants 7 and 16).
 */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { Cancellation, CancellationListener } from "../../async/cancellation.ts";
import { type Deferred, deferred } from "../../async/deferred.ts";
import { checkContract, type ContractSite } from "../../contracts/contract.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import { caught } from "../../errors/caught.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Parts } from "../definition/parts.ts";

/** How many parts of an attempt may be on their way, and how many more may wait for their turn (invariant 7). */
export const partsWindow = 1024;

/** As many parts as this that wait are sent at once; fewer, in the next turn. */
const sentTogether = 128;

/** What emissions need from their host. */
export interface EmissionPorts {
  /** Runs a task in a later turn. */
  later(task: () => void): void;
  readonly codec: PayloadCodec;
  readonly clock: Clock;
}

/**
 * Sends parts to the listeners, before the outcome of the attempt. Resolves, when they were taken, to whether more are
 * wanted.
 */
export type SendParts = (emitted: Pick<Parts, "index" | "values">) => Promise<boolean>;

const taken = Promise.resolve();

/**
 * The parts of one attempt. Guarantees: they are sent in the order emitted, each with its number; what is not sent leaves a hole in the
 * numbers, which the attempt's end closes at the latest. Nothing is sent while nothing listens.
 */
export class Emission implements CancellationListener {
  readonly #schema: NonNullable<AgentDefinition["emits"]>;
  readonly #site: ContractSite;
  readonly #cancellation: Cancellation;
  readonly #emitted: SendParts;
  readonly #ports: EmissionPorts;
  readonly #isTimed: boolean;
  /** How many parts were emitted. */
  #count = 0;
  /** The number after that of the last part sent. */
  #sentUpTo = 0;
  /** The parts that wait to be sent, in runs of numbers without a hole. */
  #waiting: { index: number; readonly values: Payload[] }[] = [];
  #waitingCount = 0;
  #onTheWay = 0;
  #isScheduled = false;
  /** Counts how often it was said that some code listens; 0 while none does. */
  #heard = 0;
  #lastHeard = 0;
  #isOver = false;
  #room: Deferred<void> | undefined;
  #lastActive: number | undefined;

  constructor(
    agent: AgentDefinition,
    schema: NonNullable<AgentDefinition["emits"]>,
    { cancellation, emitted }: { readonly cancellation: Cancellation; readonly emitted: SendParts },
    ports: EmissionPorts,
  ) {
    this.#schema = schema;
    this.#site = { agent: agent.name, version: agent.version, direction: "part", side: "sender" };
    this.#cancellation = cancellation;
    this.#emitted = emitted;
    this.#ports = ports;
    this.#isTimed = agent.policies.idleTimeout !== Number.POSITIVE_INFINITY;
  }

  get isHeard(): boolean {
    return this.#heard > 0;
  }

  /** When it last emitted, in the clock's milliseconds: now, while it waits for room. Kept for agents with an `idleTimeout`. */
  get lastActive(): number | undefined {
    return this.#room === undefined ? this.#lastActive : this.#ports.clock.now();
  }

  /** Some code listens from now on. */
  listen(): void {
    this.#heard = ++this.#lastHeard;
  }

  /**
   * Emits a part. Resolves when there is room for the next one; a part for which there is no place, since its caller did not wait for
   * that, is left out.
   *
   * @throws TroupeError (as a rejection) `contract-violated`, `not-cloneable`, `message-too-large`; the reason for which the attempt was
   * aborted.
   */
  emit(part: unknown): Promise<void> {
    const { reason } = this.#cancellation;
    if (reason !== undefined) return refused(reason.error);
    if (this.#isOver) return taken;
    let value: Payload;
    try {
      const checked = checkContract(this.#schema, part, this.#site);
      value = this.#ports.codec.encode(checked, `a part of ${this.#site.agent}`);
    } catch (thrown) {
      return Promise.reject(caught(thrown));
    }
    const index = this.#count++;
    if (this.#isTimed) this.#lastActive = this.#ports.clock.now();
    return this.#heard === 0 ? taken : this.#add(index, value);
  }

  /** The attempt was aborted: those that wait for room are told. */
  abort(error: unknown): void {
    this.#room?.reject(error);
    this.#room = undefined;
  }

  /** Sends all that was emitted. Call it before anything is reported of the attempt. Returns how many parts were emitted. */
  flush(): number {
    if (this.#heard === 0) return this.#count;
    this.#send(Number.POSITIVE_INFINITY);
    if (this.#sentUpTo < this.#count) this.#post(this.#count, []);
    return this.#count;
  }

  /** The attempt's code has ended. What it emits from now on goes nowhere. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.flush();
    this.#openRoom();
  }

  #add(index: number, value: Payload): Promise<void> {
    if (this.#waitingCount < partsWindow) {
      const last = this.#waiting.at(-1);
      if (last !== undefined && last.index + last.values.length === index) last.values.push(value);
      else this.#waiting.push({ index, values: [value] });
      this.#waitingCount++;
      if (this.#waitingCount >= sentTogether) this.#send(partsWindow);
      else this.#schedule();
    }
    if (this.#onTheWay + this.#waitingCount < partsWindow) return taken;
    if (this.#room === undefined) {
      this.#room = deferred();
      this.#room.promise.catch(() => undefined); // its callers need not wait for it
      this.#cancellation.add(this);
    }
    return this.#room.promise;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#ports.later(() => {
      this.#isScheduled = false;
      this.#send(partsWindow);
    });
  }

  /** Sends what waits, as long as fewer than `window` parts are on their way. */
  #send(window: number): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#onTheWay < window; next = this.#waiting[0]) {
      const { index } = next;
      const values = next.values.splice(0, window - this.#onTheWay);
      next.index += values.length;
      if (next.values.length === 0) this.#waiting.shift();
      this.#waitingCount -= values.length;
      this.#post(index, values);
    }
  }

  #post(index: number, values: readonly Payload[]): void {
    const heard = this.#heard;
    this.#sentUpTo = index + values.length;
    this.#onTheWay += values.length;
    this.#emitted({ index, values }).then(
      (isWanted) => this.#taken(values.length, isWanted, heard),
      () => this.#taken(values.length, false, heard), // the listeners are out of reach
    );
  }

  #taken(count: number, isWanted: boolean, heard: number): void {
    this.#onTheWay -= count;
    if (!isWanted && heard === this.#heard) {
      this.#heard = 0;
      this.#waiting = [];
      this.#waitingCount = 0;
    }
    this.#send(partsWindow);
    if (this.#onTheWay + this.#waitingCount < partsWindow) this.#openRoom();
  }

  #openRoom(): void {
    if (this.#room === undefined) return;
    if (this.#isTimed) this.#lastActive = this.#ports.clock.now();
    this.#cancellation.remove(this);
    this.#room.resolve();
    this.#room = undefined;
  }
}

/** A rejection that need not be handled: the code was told before, by its signal. */
function refused(error: unknown): Promise<never> {
  const rejected = Promise.reject(error);
  rejected.catch(() => undefined);
  return rejected;
}
