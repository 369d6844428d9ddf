/** The kinds of coordination, and the versioned key that holds the one in force. */

import * as v from "valibot";
import { defineFamily } from "../../store/versions/define-state.ts";

/**
 * Which side decides the next step of a run: - `orchestrator`: the supervisor, for every step. - `relay`: each
 * participant, for its own steps; the supervisor records and forwards events.
 *
 * The outcome is the same (invariant 10).
 *
 * @since 0.1.0
 */
export type Coordination = "orchestrator" | "relay";

export const coordinationSchema = v.picklist(["orchestrator", "relay"]);

/**
 * Counts the switches of a system's coordination and the migrations of its runs: the version of the coordination's key. 0 is before the first.
 *
 * @experimental
 * @since 0.1.0
 */
export type Epoch = number;

/** What the key `coordination/system` holds. */
export interface CoordinationState {
  readonly coordination: Coordination;
  /** How many times runs have gone on with another definition; absent for never. */
  readonly migrations?: number | undefined;
}

/** The coordination in force, as a versioned key: each switch is a version, and the version is the epoch. */
export const coordinationState = defineFamily<CoordinationState>({
  name: "coordination",
  version: 1,
  schema: v.object({ coordination: coordinationSchema, migrations: v.optional(v.number()) }),
  initial: () => ({ coordination: "orchestrator" }),
});

/** The id of the one key of {@link coordinationState}. */
export const systemCoordination = "system";
