/** How bursts of messages travel: tells that are alike but for their payloads, as one frame. */

import type { HostId } from "../../actors/address.ts";
import { setField } from "../../values/set-field.ts";
import { type Envelope, makeEnvelope, sharesHeader } from "./envelope.ts";
import { type FlatEnvelope, flattenEnvelope, inflateEnvelope, payloadAt } from "./envelope-codec.ts";
import type { NumberReader, NumberWriter, WireColumn } from "./number-columns.ts";

/** A flat frame: its kind's number, then its fields. */
export type FlatFrame = readonly unknown[];

/** What a run's flat frame begins with. */
export const runKind = 4;

/** From how many messages on a typed array of their numbers is worth its own cost. */
const longRun = 16;

type Fields = Readonly<Record<string, unknown>>;

/** What stands in the place of the payload in a run's flat frame. Its other fields are those of the run's first message. */
type RunContent = [count: number, names: readonly string[], columns: readonly WireColumn[]];

/**
 * Tells to one actor, one after another and alike but for their payloads: they share one header, and their payloads travel as
 * columns, one for each field. Bursts are what batches are for; so written they take half the time (`bench/messages.ts`).
 */
export class MessageRun {
  /** What travels; complete after {@link MessageRun.end}. */
  readonly flat: FlatEnvelope;
  readonly #content: RunContent;
  readonly #first: Envelope;
  readonly #keys: readonly string[];
  readonly #columns: unknown[][];
  #count = 0;

  private constructor(first: Envelope, keys: readonly string[]) {
    this.#first = first;
    this.#keys = keys;
    this.#columns = keys.map(() => []);
    this.#content = [0, keys, this.#columns];
    this.flat = flattenEnvelope(first);
    this.flat[0] = runKind;
    this.flat[payloadAt] = this.#content;
  }

  /** A run that begins with this message; `undefined` for a message that has to go alone. */
  static of(first: Envelope): MessageRun | undefined {
    if (!isRunnable(first)) return undefined;
    const run = new MessageRun(first, Object.keys(first.payload as Fields));
    run.#add(first);
    return run;
  }

  /** Takes the message if it is the run's next. */
  take(next: Envelope): boolean {
    const first = this.#first;
    return (
      next.id === first.id + this.#count && sharesHeader(next, first) && hasFields(next.payload) && this.#add(next)
    );
  }

  /** No message follows. */
  end(numbers: NumberWriter): void {
    this.#content[0] = this.#count;
    if (this.#count >= longRun) this.#content[2] = this.#columns.map((column) => numbers.write(column));
  }

  #add({ payload }: Envelope): boolean {
    const keys = this.#keys;
    const fields = payload as Fields;
    let at = 0;
    for (const key in fields) {
      if (key !== keys[at]) return this.#takeBack();
      (this.#columns[at++] as unknown[]).push(fields[key]);
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

/** A tell whose payload is a plain object that JSON carries. */
function isRunnable({ isAsk, isJson, payload }: Envelope): boolean {
  return !isAsk && isJson && hasFields(payload);
}

function hasFields(payload: unknown): boolean {
  return typeof payload === "object" && payload !== null && !Array.isArray(payload);
}

/** The messages of a run's flat frame. */
export function inflateRun(flat: FlatFrame, origin: HostId, isJson: boolean, numbers: NumberReader): Envelope[] {
  const first = inflateEnvelope(flat as FlatEnvelope, origin, isJson);
  const [count, names, wireColumns] = first.payload as RunContent;
  const columns = wireColumns.map((column) => numbers.read(column, count));
  const messages: Envelope[] = [];
  for (let n = 0; n < count; n++) {
    const payload: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      setField(payload, names[i] as string, (columns[i] as readonly unknown[])[n]);
    }
    messages.push(makeEnvelope(first.id + n, payload, first));
  }
  return messages;
}
