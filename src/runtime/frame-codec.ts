/**
 * The wire form of a batch of frames. Frames become flat arrays; a batch that JSON carries without loss travels as one
 * string, which is about twice as fast as a structured clone of the same batch (`bench/messages.ts`), any other as the
 * arrays themselves.
 */

import type { Address, HostId } from "../actors/address.ts";
import { isJsonSafe } from "../values/json-safe.ts";
import { type Answer, type Envelope, type Frame, never } from "./envelope.ts";

/** A flat frame: its kind's number, then its fields. */
type FlatFrame = readonly unknown[];

/** The wire form of one batch. */
export interface WireBatch {
  /** 1, 2, 3 … per direction of a link; a number seen before is a duplicate. */
  readonly number: number;
  /** How far the sender's store had got when the batch left (see `ThreadHost`); 0 where it does not own the store. */
  readonly position: number;
  readonly frames: string | readonly FlatFrame[];
}

const asks = 1;
const refs = 2;
const absent = 4; // JSON has no undefined: the payload is left out
const checked = 8;

export function encodeBatch(number: number, position: number, frames: readonly Frame[]): WireBatch {
  const flat: FlatFrame[] = [];
  let isJson = true;
  let run: MessageRun | undefined;
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i] as Frame;
    if (run !== undefined && frame.kind === "message" && run.take(frame)) continue;
    isJson &&= carriesJson(frame);
    run = frame.kind === "message" ? MessageRun.of(frame) : undefined;
    flat.push(run === undefined ? flatten(frame) : run.flat);
  }
  return { number, position, frames: (isJson ? jsonText(flat) : undefined) ?? flat };
}

/** Undefined for a batch beyond the longest string there is (512 MiB): it travels as arrays. */
function jsonText(flat: readonly FlatFrame[]): string | undefined {
  try {
    return JSON.stringify(flat);
  } catch (failure) {
    if (failure instanceof RangeError) return undefined;
    throw failure;
  }
}

export function decodeBatch(batch: WireBatch, origin: HostId): Frame[] {
  const flat = typeof batch.frames === "string" ? (JSON.parse(batch.frames) as FlatFrame[]) : batch.frames;
  const isJson = typeof batch.frames === "string";
  const frames: Frame[] = [];
  for (let i = 0; i < flat.length; i++) {
    const frame = flat[i] as FlatFrame;
    if (frame[0] === runKind) inflateRun(frame, origin, isJson, frames);
    else frames.push(inflate(frame, origin, isJson));
  }
  return frames;
}

const runKind = 4;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Tells to one actor, one after another and alike but for their payloads: they share one header, and their payloads the
 * names of their fields. Bursts are what batches are for; so written they take half the time (`bench/messages.ts`).
 */
class MessageRun {
  readonly flat: FlatFrame;
  readonly #first: Envelope;
  readonly #keys: readonly string[];
  readonly #rows: unknown[][] = [];

  private constructor(first: Envelope, keys: readonly string[]) {
    this.#first = first;
    this.#keys = keys;
    const { id, to, from, type, token, isChecked, cause } = first;
    this.flat = [runKind, id, to, from ?? 0, type, token, isChecked ? checked : 0, cause, keys, this.#rows];
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
      next.id === first.id + this.#rows.length &&
      next.to === first.to &&
      next.type === first.type &&
      next.from === first.from &&
      next.token === first.token &&
      next.cause === first.cause &&
      next.isChecked === first.isChecked &&
      isRunnable(next);
    return isAlike && this.#add(next);
  }

  #add({ payload }: Envelope): boolean {
    const keys = this.#keys;
    const fields = payload as Fields;
    const row: unknown[] = [];
    let at = 0;
    for (const key in fields) {
      if (key !== keys[at++]) return false;
      row.push(fields[key]);
    }
    if (at !== keys.length) return false;
    this.#rows.push(row);
    return true;
  }
}

/** A tell whose payload is a plain object that JSON carries. */
function isRunnable({ isAsk, deadline, hasRefs, isJson, payload }: Envelope): boolean {
  return (
    !isAsk &&
    deadline === never &&
    !hasRefs &&
    isJson &&
    typeof payload === "object" &&
    payload !== null &&
    !Array.isArray(payload)
  );
}

function inflateRun(flat: FlatFrame, origin: HostId, isJson: boolean, frames: Frame[]): void {
  const [, id, to, from, type, token, flags, cause, names, rows] = flat as [
    number,
    number,
    Address,
    Address | 0,
    string,
    number,
    number,
    number,
    string[],
    unknown[][],
  ];
  const isChecked = (flags & checked) !== 0;
  const sender = from === 0 ? undefined : from;
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n] as unknown[];
    const payload: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      if (name === "__proto__")
        Object.defineProperty(payload, name, { value: row[i], enumerable: true, writable: true, configurable: true });
      else payload[name] = row[i];
    }
    frames.push({
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
      isChecked,
      hasRefs: false,
      isJson,
      origin,
    });
  }
}

function carriesJson(frame: Frame): boolean {
  switch (frame.kind) {
    case "message":
      return frame.isJson || frame.payload === undefined;
    case "reply":
      return !frame.answer.ok || frame.answer.isJson || frame.answer.value === undefined;
    case "event":
    case "dead-letter":
      return frame.isJson;
    case "to-authority":
    case "to-replica":
      return isJsonSafe(frame.message); // states are plain data, but may hold undefined, NaN or a bigint
    default:
      return true;
  }
}

function flatten(frame: Frame): FlatFrame {
  if (frame.kind === "message") {
    const { id, to, from, type, payload, token, isAsk, deadline, cause, isChecked, hasRefs } = frame;
    const flags =
      (isAsk ? asks : 0) | (hasRefs ? refs : 0) | (payload === undefined ? absent : 0) | (isChecked ? checked : 0);
    return [0, id, to, from ?? 0, type, token, flags, deadline === never ? 0 : deadline, cause, payload ?? null];
  }
  if (frame.kind === "reply") {
    const { id, answer, token } = frame;
    if (!answer.ok) return [2, id, token, answer.error];
    return [
      1,
      id,
      token,
      (answer.hasRefs ? refs : 0) | (answer.value === undefined ? absent : 0),
      answer.value ?? null,
    ];
  }
  return [3, frame];
}

function inflate(flat: FlatFrame, origin: HostId, isJson: boolean): Frame {
  switch (flat[0]) {
    case 0: {
      const flags = flat[6] as number;
      return {
        kind: "message",
        id: flat[1] as number,
        to: flat[2] as Address,
        from: flat[3] === 0 ? undefined : (flat[3] as Address),
        type: flat[4] as string,
        payload: (flags & absent) === 0 ? flat[9] : undefined,
        token: flat[5] as number,
        isAsk: (flags & asks) !== 0,
        deadline: flat[7] === 0 ? never : (flat[7] as number),
        cause: flat[8] as number,
        isChecked: (flags & checked) !== 0,
        hasRefs: (flags & refs) !== 0,
        isJson,
        origin,
      };
    }
    case 1: {
      const flags = flat[3] as number;
      const value = (flags & absent) === 0 ? flat[4] : undefined;
      const answer: Answer = { ok: true, value, hasRefs: (flags & refs) !== 0, isJson };
      return { kind: "reply", id: flat[1] as number, token: flat[2] as number, answer };
    }
    case 2:
      return {
        kind: "reply",
        id: flat[1] as number,
        token: flat[2] as number,
        answer: { ok: false, error: flat[3] as Extract<Answer, { ok: false }>["error"] },
      };
    default:
      return flat[1] as Frame;
  }
}
