/** What the home host orders other hosts to spawn. */

import type { SupervisedOrder } from "./supervision-protocol.ts";

/** How an actor is spawned that is not like any other of its definition. Memory that is shared travels in it. */
export interface SpawnTerms {
  /** For an actor with a supervisor. */
  readonly supervised?: SupervisedOrder;
  /** For an agent that has one on its gate. */
  readonly lease?: { readonly agent: SharedArrayBuffer; readonly actor: SharedArrayBuffer };
}

/** What to spawn: an actor or an agent, by the name of its definition. */
export interface SpawnOrder extends SpawnTerms {
  readonly definition: { readonly kind: "actor" | "agent"; readonly module: string; readonly name: string };
  /** The actor's name on its host. */
  readonly name: string;
}

/**
 * Orders of one definition to one host, as they leave: the first one's number there is `id`, and the numbers of the others follow it. One that
 * has terms goes by itself. Answered by the reports `spawned` and `not-spawned`.
 */
export interface SpawnFrame extends SpawnTerms, Pick<SpawnOrder, "definition"> {
  readonly kind: "spawn";
  readonly id: number;
  readonly names: readonly string[];
}
