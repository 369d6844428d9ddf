/** How actors and states stood at a moment of a schedule. */

import type { Moment } from "../recording/failed-schedule.ts";
import type { Shown } from "../source/content.ts";

export interface ActorThen {
  readonly actor: string;
  /** The messages that it handles: none, or one, unless its definition asks for interleaving. */
  handles: { readonly message: string; readonly from: string }[];
  /** What it has read while it handles them: of each key the version that it read last. */
  reads: { readonly key: string; readonly version: number }[];
}

export interface KeyThen {
  readonly key: string;
  readonly version: number;
  /** Who committed it; absent for one that was there before. */
  readonly by?: string | undefined;
  readonly state?: Shown | undefined;
  /** Committed in this very moment. */
  readonly isNew: boolean;
}

/** How actors and states stood after the first `at` of the moments. */
export function standing(
  moments: readonly Moment[],
  at: number,
): { readonly actors: readonly ActorThen[]; readonly keys: readonly KeyThen[] } {
  const actors = new Map<string, ActorThen>();
  const keys = new Map<string, KeyThen>();
  for (const [i, moment] of moments.slice(0, at).entries()) {
    const { kind, actor, key, version = 0, state } = moment;
    if (actor === undefined) continue;
    const one = actors.get(actor) ?? { actor, handles: [], reads: [] };
    if (kind !== "asks") actors.set(actor, one);
    const { message = "", from = "code outside" } = moment;
    if (kind === "begins") one.handles = [...one.handles, { message, from }];
    if (kind === "ends") one.handles = without(one.handles, message);
    if (one.handles.length === 0) one.reads = [];
    if (key === undefined) continue;
    if (kind === "reads") one.reads = [...one.reads.filter((read) => read.key !== key), { key, version }];
    const isNewest = kind === "commits" || (kind === "reads" && version > (keys.get(key)?.version ?? 0));
    if (isNewest)
      keys.set(key, {
        key,
        version,
        state,
        by: kind === "commits" ? actor : undefined,
        isNew: kind === "commits" && i === at - 1,
      });
  }
  return { actors: [...actors.values()], keys: [...keys.values()] };
}

function without(handles: ActorThen["handles"], message: string): ActorThen["handles"] {
  const ended = handles.findIndex((one) => one.message === message);
  return handles.filter((_, i) => i !== ended);
}
