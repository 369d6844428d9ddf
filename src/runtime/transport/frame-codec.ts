/**
 * The wire form of a batch of frames. Frames become flat arrays; a batch that JSON carries without loss travels as one
 * string, which is about twice as fast as a structured clone of the same batch (`bench/messages.ts`), any other as the
 * arrays themselves.
 */

import { homeHost, type HostId } from "../../actors/address.ts";
import { isJsonSafe } from "../../values/json-safe.ts";
import { type FlatEnvelope, flattenEnvelope, inflateEnvelope, messageKind } from "./envelope-codec.ts";
import type { Answer, Frame } from "./frame.ts";
import { checkedFrame } from "./frame-shape.ts";
import { type FlatFrame, inflateRun, MessageRun, runKind } from "./message-run.ts";
import { NumberReader, NumberWriter } from "./number-columns.ts";

/**
 * What a link carries: text if JSON carries the batch, since no other value crosses as fast; with the numbers of its long runs
 * beside it, if there are any; otherwise the arrays themselves.
 */
export type WireBatch =
  | string
  | { readonly text: string; readonly numbers: Float64Array }
  | { readonly parts: BatchParts; readonly numbers: Float64Array };

/**
 * - `number`: 1, 2, 3 … per direction of a link; a number seen before is a duplicate.
 * - `position`: how far the sender's store had got when the batch left (see `ThreadHost`); 0 where it does not own the store.
 */
export type BatchParts = readonly [number: number, position: number, frames: readonly FlatFrame[]];

/** A batch that arrived. */
export interface Batch {
  readonly parts: BatchParts;
  /** True when it came as text: then so does all that is in it. */
  readonly isJson: boolean;
  readonly numbers: Float64Array;
}

const noNumbers = new Float64Array(0);

/** As it was when this module was loaded: code of users may change it, and must not make others' batches unreadable. */
const { parse } = JSON;

const refs = 1;
const absent = 2; // JSON has no undefined: the value is left out

export function encodeBatch(number: number, position: number, frames: readonly Frame[]): WireBatch {
  const flat: FlatFrame[] = [];
  let isJson = true;
  let run: MessageRun | undefined;
  const runs: MessageRun[] = [];
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i] as Frame;
    if (run !== undefined && frame.kind === "message" && run.take(frame)) continue;
    isJson &&= carriesJson(frame);
    run = frame.kind === "message" ? MessageRun.of(frame) : undefined;
    flat.push(run === undefined ? flatten(frame) : run.flat);
    if (run !== undefined) runs.push(run);
  }
  const numbers = new NumberWriter();
  for (const each of runs) each.end(numbers);
  const parts = [number, position, flat] as const;
  const text = isJson ? jsonText(parts) : undefined;
  if (text === undefined) return { parts, numbers: numbers.take() };
  return numbers.isEmpty ? text : { text, numbers: numbers.take() };
}

/** Undefined for a batch beyond the longest string there is (512 MiB): it travels as arrays. */
function jsonText(parts: BatchParts): string | undefined {
  try {
    return JSON.stringify(parts);
  } catch (failure) {
    if (failure instanceof RangeError) return undefined;
    throw failure;
  }
}

/** @throws Error for what is no batch. */
export function openBatch(wire: WireBatch): Batch {
  if (typeof wire === "string") return { parts: partsOf(parse(wire)), isJson: true, numbers: noNumbers };
  if ("parts" in wire) return { parts: partsOf(wire.parts), numbers: wire.numbers, isJson: false };
  return { parts: partsOf(parse(wire.text)), isJson: true, numbers: wire.numbers };
}

function partsOf(parts: unknown): BatchParts {
  if (!Array.isArray(parts) || parts.length !== 3) throw new Error("a batch has three parts, in an array");
  const [number, position, frames] = parts as unknown[];
  if (typeof number !== "number" || typeof position !== "number" || !Array.isArray(frames))
    throw new Error("a batch has its number, a position and frames");
  return [number, position, frames as FlatFrame[]];
}

/** True for a batch that any host can open. */
export function isReadable(wire: unknown): boolean {
  try {
    framesOf(openBatch(wire as WireBatch), homeHost);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error for a batch that holds something else than frames. */
export function framesOf(batch: Batch, origin: HostId): Frame[] {
  const { parts, isJson } = batch;
  const flat = parts[2];
  const numbers = new NumberReader(batch.numbers);
  const frames: Frame[] = [];
  for (let i = 0; i < flat.length; i++) {
    const frame = flat[i] as FlatFrame;
    if (frame[0] === runKind) for (const message of inflateRun(frame, origin, isJson, numbers)) frames.push(message);
    else frames.push(checkedFrame(inflate(frame, origin, isJson)));
  }
  return frames;
}

function carriesJson(frame: Frame): boolean {
  switch (frame.kind) {
    case "message":
      return frame.isJson || frame.payload === undefined;
    case "reply":
      return !frame.answer.ok || frame.answer.isJson || frame.answer.value === undefined;
    case "event":
      return frame.isJson;
    case "report":
      return frame.report.type === "dead-letter" ? frame.report.isJson : frame.report.type !== "unreadable";
    case "parts":
      return isJsonSafe(frame.values);
    case "to-authority":
    case "to-replica":
      return isJsonSafe(frame.message); // states are plain data, but may hold undefined, NaN or a bigint
    default:
      return true;
  }
}

function flatten(frame: Frame): FlatFrame {
  if (frame.kind === "message") return flattenEnvelope(frame);
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
    case messageKind:
      return inflateEnvelope(flat as FlatEnvelope, origin, isJson);
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
