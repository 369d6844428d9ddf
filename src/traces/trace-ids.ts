/** Ids of traces and spans, derived from what they are about: a trace that is made twice, by whatever process, is one. */

import { Hash64 } from "../values/hash64.ts";
import { sha256 } from "../values/sha256.ts";

/** The trace of a run: by its id, and by when it started, as another journal may have a run of the same id. */
export function traceIdOf(run: string, startedAt: number): string {
  return sha256(JSON.stringify(["run", run, startedAt]), "hex", 32);
}

/** A span by what it is about, within its trace. The length of each text is hashed with it, so that no two lists of parts are alike. */
export function spanIdOf(traceId: string, ...parts: readonly (string | number)[]): string {
  const hash = new Hash64().add(traceId);
  for (const part of parts) {
    if (typeof part === "number") hash.add("#").add(String(part));
    else hash.add(String(part.length)).add(":").add(part);
  }
  return hash.digits;
}

/** The span of a run itself. */
export function rootSpanId(traceId: string): string {
  return spanIdOf(traceId, "run");
}

/** The span of an attempt at a step, or at its compensation, by the version of the run in which it began. */
export function attemptSpanId(traceId: string, kind: "attempt" | "undo", step: string, version: number): string {
  return spanIdOf(traceId, kind, step, version);
}
