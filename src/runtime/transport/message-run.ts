/** How bursts of messages travel: tells that are alike but for their payloads, as one frame. */

import type { HostId } from "../../actors/address.ts";
import { setField } from "../../values/set-field.ts";
import { type Envelope, makeEnvelope, sharesHeader } from "./envelope.ts";
import { type FlatEnvelope, flattenEnvelope, inflateEnvelope, payloadAt } from "./envelope-codec.ts";
import { checkedFrame } from "./frame-shape.ts";
import type { NumberReader, NumberWriter, WireColumn } from "./number-columns.ts";

/** A flat frame: its kind's number, then its fields. */
export type FlatFrame = readonly unknown[];

/** What a run's flat frame begins with. */
export const runKind = 4;

/** From how many messages on a typed array of their numbers is worth its own cost. */
const longRun = 16;

type Fields = Readonly<Record<string, unknown>>;

/**
 * What stands in the place of the payload in a run's flat frame. Its other fields are those of the run's first message.
 * Messages without a payload have no names.
 */
type RunContent = [count: number, names?: readonly string[], columns?: readonly WireColumn[]];

/**
 * Tells to one actor, one after another and alike but for their payloads: they share one header, and their payloads travel as
 * columns, one for each field. Written so, a burst takes half the time (`bench/messages.ts`), and
 * messages without a payload take no more room than a single one.
 */
export class MessageRun {
  /** What travels; complete after {@link MessageRun.end}. */
  readonly flat: FlatEnvelope;
  readonly #content: RunContent;
  readonly #first: Envelope;
  /** Absent for messages without a payload. */
  readonly #keys: readonly string[] | undefined;
  readonly #columns: unknown[][] = [];
  #count = 0;

  private constructor(first: Envelope, keys: readonly string[] | undefined) {
    this.#first = first;
    this.#keys = keys;
    if (keys !== undefined) this.#columns = keys.map(() => []);
    this.#content = keys === undefined ? [0] : [0, keys, this.#columns];
    this.flat = flattenEnvelope(first);
    this.flat[0] = runKind;
    this.flat[payloadAt] = this.#content;
  }

  /** A run that begins with this message; `undefined` for a message that has to go alone. */
  static of(first: Envelope): MessageRun | undefined {
    if (!isRunnable(first)) return undefined;
    const run = new MessageRun(first, first.payload === undefined ? undefined : Object.keys(first.payload as Fields));
    run.#add(first.payload);
    return run;
  }

  /** Takes the message if it is the run's next. */
  take(next: Envelope): boolean {
    const first = this.#first;
    return next.id === first.id + this.#count && sharesHeader(next, first) && this.#add(next.payload);
  }

  /** No message follows. */
  end(numbers: NumberWriter): void {
    this.#content[0] = this.#count;
    if (this.#keys !== undefined && this.#count >= longRun)
      this.#content[2] = this.#columns.map((column) => numbers.write(column));
  }

  #add(payload: unknown): boolean {
    const keys = this.#keys;
    if (keys === undefined || !hasFields(payload)) {
      if (keys !== undefined || payload !== undefined) return false;
      this.#count++;
      return true;
    }
    let at = 0;
    for (const key in payload) {
      if (key !== keys[at]) return this.#takeBack();
      (this.#columns[at++] as unknown[]).push(payload[key]);
    }
    if (at !== keys.length) return this.#takeBack();
    this.#count++;
    return true;
  }

  #takeBack(): false {
    for (const column of this.#columns) column.length = this.#count;
    return false;
  }
}

/** A tell without a payload, or with a plain object that JSON carries. */
function isRunnable({ isAsk, isJson, payload }: Envelope): boolean {
  return !isAsk && (payload === undefined || (isJson && hasFields(payload)));
}

function hasFields(payload: unknown): payload is Fields {
  return typeof payload === "object" && payload !== null && !Array.isArray(payload);
}

/**
 * The messages of a run's flat frame.
 *
 * @throws Error for what is no run.
 */
export function inflateRun(flat: FlatFrame, origin: HostId, isJson: boolean, numbers: NumberReader): Envelope[] {
  const first = checkedFrame(inflateEnvelope(flat as FlatEnvelope, origin, isJson));
  const [count, names, wireColumns] = (flat as FlatEnvelope)[payloadAt] as RunContent;
  const messages: Envelope[] = [];
  if (names === undefined || wireColumns === undefined) {
    for (let n = 0; n < count; n++) messages.push(makeEnvelope(first.id + n, undefined, first));
    return messages;
  }
  const columns = wireColumns.map((column) => numbers.read(column, count));
  const set = names.includes("__proto__") ? setField : assign;
  for (let n = 0; n < count; n++) {
    const payload: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) set(payload, names[i] as string, (columns[i] as readonly unknown[])[n]);
    messages.push(makeEnvelope(first.id + n, payload, first));
  }
  return messages;
}

/** For names that aren't special, in place of {@link setField}, which looks at each name. */
function assign(target: Record<string, unknown>, name: string, value: unknown): void {
  target[name] = value;
}
