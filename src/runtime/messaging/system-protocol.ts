/** What actors ask of the system, and where. */

import { internalMessage } from "./internal-message.ts";
import type { Address } from "../../actors/address.ts";
import { systemAddress } from "../../actors/system-actors.ts";
import type { DefinitionId } from "../definitions/definition-loader.ts";
import type { Placement } from "../../actors/placement.ts";
import type { Target } from "./target.ts";
import type { EncodedError } from "../../errors/error-codec.ts";

/** The actor through which any actor asks the system to spawn and find others. */
export const systemTarget: Target = {
  address: systemAddress("system"),
  capacity: 1024,
  overflow: "backpressure",
  isPatient: true, // a caller may spawn, or stop, thousands of actors in one turn
  check: internalMessage,
};

/** What an actor asks the system to spawn. */
export interface SpawnRequest {
  readonly definition: DefinitionId<"actor" | "agent">;
  readonly placement: Placement;
  readonly name: string | undefined;
}

/** The agent that an actor is about to call. */
export interface DeployRequest {
  readonly definition: DefinitionId<"agent">;
  /** Where it was, and is no more. */
  readonly gone: Address | undefined;
}

/** Where it was spawned, or what it failed with. */
export type SpawnOutcome =
  | { readonly address: Address; readonly error?: undefined }
  | { readonly address?: undefined; readonly error: EncodedError };
