/** What a batch brings that something may strike at: answers, and commits. */

import { homeHost, hostId } from "../../../actors/address.ts";
import { framesOf, openBatch, type WireBatch } from "../../../runtime/transport/frame-codec.ts";
import type { Frame } from "../../../runtime/transport/frame.ts";
import { isWrite } from "../../../store/versions/commit.ts";
import { isReservedFamily } from "../../../store/versions/reserved-families.ts";
import type { StateKey } from "../../../store/versions/state-key.ts";

/** A batch on its way between two hosts. */
export interface Arriving {
  readonly batch: unknown;
  readonly from: number;
  readonly to: number;
}

/** What becomes of a thread as a batch arrives. */
export interface Struck {
  readonly thread: number;
  /** Whether the batch arrives first. */
  readonly arrives: boolean;
}

export interface Contents {
  /** The thread that answers, or that hears an answer of the one that made the system. */
  readonly answered: { readonly thread: number; readonly isItsOwn: boolean } | undefined;
  /** The keys of the application that commits write to. Commits of recipes that run again are left out. */
  readonly written: readonly StateKey[];
}

export function contentsOf({ batch, from, to }: Arriving): Contents {
  const frames = framesOf(openBatch(batch as WireBatch), hostId(from));
  const isItsOwn = from !== homeHost;
  return {
    answered: frames.some(isAnswer) ? { thread: isItsOwn ? from : to, isItsOwn } : undefined,
    written: to === homeHost ? frames.flatMap(writtenBy) : [],
  };
}

function isAnswer(frame: Frame): boolean {
  return frame.kind === "reply" || (frame.kind === "to-replica" && frame.message.kind === "committed");
}

function writtenBy(frame: Frame): readonly StateKey[] {
  if (frame.kind !== "to-authority" || frame.message.kind !== "commit") return [];
  const { changes, isRetry } = frame.message.request;
  if (isRetry === true) return [];
  const keys = changes.filter(isWrite).map(({ key }) => key);
  return keys.filter((key) => !isReservedFamily(key.slice(0, key.indexOf("/"))));
}
