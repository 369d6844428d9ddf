/** Looks into batches on their way, for mutations that break one mechanism on purpose. */

import { homeHost } from "../../src/actors/address.ts";
import { flattenEnvelope, messageKind, payloadAt } from "../../src/runtime/transport/envelope-codec.ts";
import { openBatch, type WireBatch } from "../../src/runtime/transport/frame-codec.ts";
import { inflateRun, runKind } from "../../src/runtime/transport/message-run.ts";
import { NumberReader } from "../../src/runtime/transport/number-columns.ts";

/** A flat frame of `frame-codec.ts`. */
export type WireFrame = unknown[];

/** Changes or drops (`undefined`) each frame of a batch. */
export function mapFrames(wire: unknown, change: (frame: WireFrame) => WireFrame | undefined): WireBatch {
  const { parts, isJson, numbers } = openBatch(wire as WireBatch);
  const [number, position, frames] = parts;
  const reader = new NumberReader(numbers);
  const changed = frames
    .flatMap((frame) => apart([...frame], reader))
    .map(change)
    .filter((frame) => frame !== undefined);
  const result = [number, position, changed] as const;
  return isJson ? JSON.stringify(result) : { parts: result, numbers: new Float64Array(0) };
}

/** The messages of a run as frames of their own. */
function apart(frame: WireFrame, numbers: NumberReader): WireFrame[] {
  if (frame[0] !== runKind) return [frame];
  return inflateRun(frame, homeHost, true, numbers).map(flattenEnvelope);
}

/** A message's frame: its type, causal token and payload. */
export function asMessage(frame: WireFrame): { type: string; token: number; payload: unknown } | undefined {
  return frame[0] === messageKind
    ? { type: frame[4] as string, token: frame[5] as number, payload: frame[payloadAt] }
    : undefined;
}

export function withToken(frame: WireFrame, token: number): WireFrame {
  return frame.with(5, token);
}

/** What the store's replica and authority say to each other, in frames of other kinds. */
export function asStoreMessage(frame: WireFrame): { kind: string; message: Record<string, unknown> } | undefined {
  const inner = frame[0] === 3 ? (frame[1] as { kind: string; message: Record<string, unknown> }) : undefined;
  return inner?.kind === "to-authority" || inner?.kind === "to-replica" ? inner : undefined;
}

/** Has the store forget under which idempotency keys it was asked to commit (invariant 5). */
export function withoutIdempotencyKeys(): (batch: unknown) => WireBatch {
  return (batch) =>
    mapFrames(batch, (frame) => {
      const request = asStoreMessage(frame)?.message["request"] as { idempotencyKey?: string } | undefined;
      delete request?.idempotencyKey;
      return frame;
    });
}

/** Has the store answer at once when it is asked to wait for the commits that are under way. */
export function withoutSettling(): (batch: unknown) => WireBatch {
  return (batch) =>
    mapFrames(batch, (frame) => {
      const message = asStoreMessage(frame)?.message;
      if (message?.["kind"] === "settle") message["kind"] = "sync";
      return frame;
    });
}
