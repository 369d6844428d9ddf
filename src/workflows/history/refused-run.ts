/** A note that an open run could not go on: the key `refused-run/<id>`. Who only reads the journal sees by it that the run is stuck. */

import * as v from "valibot";
import { defineFamily } from "../../store/versions/define-state.ts";
import type { RunState } from "./run-state.ts";

/** Why a system didn't go on with a run. */
export interface RefusedRun {
  /** How many events the run had then: once it has more, it has gone on after all. */
  readonly length: number;
  readonly code?: string | undefined;
  readonly message: string;
}

export const refusedRun = defineFamily<RefusedRun>({
  name: "refused-run",
  version: 1,
  schema: v.object({ length: v.number(), code: v.optional(v.string()), message: v.string() }),
  initial: () => ({ length: 0, message: "" }),
});

/** True while the run is as it was when it was refused. */
export function isStillRefused({ length }: RefusedRun, run: RunState): boolean {
  return length === run.length;
}
