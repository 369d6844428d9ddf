/** How bursts of messages travel: tells that are alike but for their payloads, as one frame. */

import type { Address, HostId } from "../../actors/address.ts";
import { setField } from "../../values/set-field.ts";
import { type Envelope, never } from "./envelope.ts";
import type { NumberReader, NumberWriter, WireColumn } from "./number-columns.ts";

/** A flat frame: its kind's number, then its fields. */
export type FlatFrame = readonly unknown[];

/** What a run's flat frame begins with. */
export const runKind = 4;

/** From how many messages on a typed array of their numbers is worth its own cost. */
const longRun = 16;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Tells to one actor, one after another and alike but for their payloads: they share one header, and their payloads travel as
 * columns, one for each field. Bursts are what batches are for; so written they take half the time (`bench/messages.ts`).
 */
export class MessageRun {
  /** What travels; complete after {@link MessageRun.end}. */
  readonly flat: unknown[];
  readonly #first: Envelope;
  readonly #keys: readonly string[];
  readonly #columns: unknown[][];
  #count = 0;

  private constructor(first: Envelope, keys: readonly string[]) {
    this.#first = first;
    this.#keys = keys;
    this.#columns = keys.map(() => []);
    const { id, to, from, type, token, isChecked, cause } = first;
    this.flat = [runKind, 0, id, to, from ?? 0, type, token, isChecked ? 1 : 0, cause, keys, this.#columns];
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
    const isAlike =
      next.id === first.id + this.#count &&
      next.to === first.to &&
      next.type === first.type &&
      next.from === first.from &&
      next.token === first.token &&
      next.cause === first.cause &&
      next.isChecked === first.isChecked &&
      isRunnable(next);
    return isAlike && this.#add(next);
  }

  /** No message follows. */
  end(numbers: NumberWriter): void {
    this.flat[1] = this.#count;
    if (this.#count >= longRun) this.flat[10] = this.#columns.map((column) => numbers.write(column));
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
function isRunnable({
  isAsk,
  deadline,
  hasRefs,
  isJson,
  payload,
  idempotencyKey,
  isRepeat,
  isTold,
}: Envelope): boolean {
  return (
    !isAsk &&
    !isRepeat &&
    !isTold &&
    idempotencyKey === undefined &&
    deadline === never &&
    !hasRefs &&
    isJson &&
    typeof payload === "object" &&
    payload !== null &&
    !Array.isArray(payload)
  );
}

/** The messages of a run's flat frame. */
export function inflateRun(flat: FlatFrame, origin: HostId, isJson: boolean, numbers: NumberReader): Envelope[] {
  const [, count, id, to, from, type, token, isChecked, cause, names, wireColumns] = flat as [
    number,
    number,
    number,
    Address,
    Address | 0,
    string,
    number,
    0 | 1,
    number,
    string[],
    WireColumn[],
  ];
  const columns = wireColumns.map((column) => numbers.read(column, count));
  const sender = from === 0 ? undefined : from;
  const messages: Envelope[] = [];
  for (let n = 0; n < count; n++) {
    const payload: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      setField(payload, names[i] as string, (columns[i] as readonly unknown[])[n]);
    }
    messages.push({
      kind: "message",
      id: id + n,
      to,
      from: sender,
      type,
      payload,
      token,
      isAsk: false,
      deadline: never,
      cause,
      isChecked: isChecked === 1,
      hasRefs: false,
      isJson,
      origin,
      idempotencyKey: undefined,
      isRepeat: false,
      isTold: false,
    });
  }
  return messages;
}
