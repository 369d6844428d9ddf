/** The frames that carry messages and everything else between two thread hosts. */

import type { Address } from "../../actors/address.ts";
import type { CallParts } from "../../agents/streamed-call.ts";
import type { Recorded } from "../../traces/recorder.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { SupervisionFrame } from "./supervision-protocol.ts";
import type { SystemReport } from "./system-report.ts";
import type { CancelCode, Envelope } from "./envelope.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { AuthorityMessage, ReplicaMessage } from "../../store/replication/store-protocol.ts";

/** What an ask came to. */
export type Answer =
  | { readonly ok: true; readonly value: unknown; readonly hasRefs: boolean; readonly isJson: boolean }
  | { readonly ok: false; readonly error: EncodedError };

/** How a subscription to an actor's events ended. */
export type StreamEnd = { readonly kind: "completed" } | { readonly kind: "failed"; readonly error: EncodedError };

/** One thing that crosses a link. */
export type Frame =
  | Envelope
  | { readonly kind: "reply"; readonly id: number; readonly answer: Answer; readonly token: Position }
  /** What the receiver of the ask `id` has emitted so far, in an attempt to answer it; `values` are payloads. It comes before the reply. */
  | ({ readonly kind: "parts"; readonly id: number; readonly token: Position } & CallParts)
  /** The asker of the ask `id` has come past the oldest of such frames. */
  | { readonly kind: "parts-passed"; readonly id: number }
  /** The asker of the ask `id` has stopped waiting. For an ask that is answered, or was never sent, it changes nothing. */
  | { readonly kind: "cancel"; readonly to: Address; readonly id: number; readonly code: CancelCode }
  /** `count` messages to `to` have left its mailbox; `gone`: there is no such actor any more. */
  | { readonly kind: "credit"; readonly to: Address; readonly count: number; readonly gone: boolean }
  | { readonly kind: "subscribe"; readonly to: Address; readonly subscription: number }
  | { readonly kind: "unsubscribe"; readonly to: Address; readonly subscription: number }
  | {
      readonly kind: "event";
      readonly subscription: number;
      readonly event: unknown;
      readonly isJson: boolean;
      readonly hasRefs?: true;
    }
  | { readonly kind: "event-credit"; readonly to: Address; readonly subscription: number; readonly count: number }
  | { readonly kind: "stream-end"; readonly subscription: number; readonly end: StreamEnd }
  /** To the home host. */
  | { readonly kind: "report"; readonly report: SystemReport }
  /** To the home host: what a host has recorded of its traces. It goes along in a batch that is sent anyway. */
  | ({ readonly kind: "spans" } & Recorded)
  /** Asks to stop an actor, after what was sent to it before. Answered by the report `stopped`, also where it is gone. */
  | { readonly kind: "stop"; readonly actor: Address; readonly mode: StopMode }
  | { readonly kind: "to-authority"; readonly message: ReplicaMessage }
  | { readonly kind: "to-replica"; readonly message: AuthorityMessage }
  | SupervisionFrame;
