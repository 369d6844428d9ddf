/** Which batches between hosts are of spawns alone: no fault holds them up. */

import { homeHost } from "../../../actors/address.ts";
import type { Frame } from "../../../runtime/transport/frame.ts";
import { framesOf, openBatch, type WireBatch } from "../../../runtime/transport/frame-codec.ts";

/**
 * True for orders to spawn and for their answers. One that is held up shifts all that an actor does: it finds nothing that the order of
 * steps doesn't find, and a failure that was found with it is shrunk to two choices where one does.
 */
export function isOfSpawns(batch: WireBatch): boolean {
  if (typeof batch === "string" ? !batch.includes('"spawn') : !("parts" in batch)) return false;
  return framesOf(openBatch(batch), homeHost).every(isSpawn);
}

function isSpawn(frame: Frame): boolean {
  if (frame.kind !== "report") return frame.kind === "spawn";
  return frame.report.type === "spawned" || frame.report.type === "not-spawned";
}
