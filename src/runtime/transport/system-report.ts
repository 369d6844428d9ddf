/** What the hosts of a system report to the home host, where one sink takes all of it. */

import type { Address, HostId } from "../../actors/address.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { DeadLetter } from "./envelope.ts";
import type { ChildReport } from "./supervision-protocol.ts";

export type SystemReport =
  /** `hasAsker`: its sender waits for an answer, and is told there. */
  | { readonly type: "dead-letter"; readonly letter: DeadLetter; readonly isJson: boolean; readonly hasAsker: boolean }
  /**
   * What an actor did with a message of the type `message` failed. `isExpected`: an asker is told, a run's
   * history says it, or the actor is being stopped.
   */
  | {
      readonly type: "failure";
      readonly actor: Address;
      readonly message: string;
      readonly error: EncodedError;
      readonly isExpected: boolean;
    }
  /** An actor has stopped, or was gone when it was to stop. */
  | { readonly type: "stopped"; readonly actor: Address; readonly hasFailed: boolean }
  /** What becomes of a supervised actor. */
  | { readonly type: "child"; readonly actor: Address; readonly report: ChildReport }
  /** A batch of the thread `peer` couldn't be read, or handled. */
  | { readonly type: "unreadable"; readonly peer: HostId; readonly batch: unknown; readonly error: EncodedError }
  /** Asks where a supervised actor is. Answered by `located`, later if it is being started, or `departed`. */
  | { readonly type: "locate"; readonly actor: Address };

/** Takes the reports of a system; `from` is the host that makes one. */
export type ReportSink = (report: SystemReport, from: HostId) => void;
