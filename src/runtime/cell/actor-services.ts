/** What the actors of a host share. */

import type { StoreAccess } from "../../store/versions/store-access.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import type { RefHost } from "../messaging/actor-ref.ts";
import type { CallPort } from "./call-port.ts";
import type { CellHost } from "./cell-host.ts";

/** What an actor's body and its context work with. */
export interface ActorServices {
  readonly host: CellHost & RefHost;
  readonly store: StoreAccess;
  readonly load: DefinitionLoader;
  /** The way to the agents that actors call. */
  readonly calls: CallPort;
}
