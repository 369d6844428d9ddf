/** What a host is told when it starts. */

import type { HostId } from "../../actors/address.ts";
import type { RecorderSettings } from "../../traces/recorder.ts";

/** Plain data: it crosses to the thread. */
export interface HostSettings {
  readonly id: HostId;
  /** How many messages an actor handles before the other actors of its thread get their turn. */
  readonly messagesPerTurn: number;
  readonly maxMessageBytes: number;
  /** Milliseconds. */
  readonly askTimeout: number;
  /** Milliseconds. */
  readonly loadTimeout: number;
  /** Absent where nothing is recorded. */
  readonly telemetry?: HostTelemetry | undefined;
  /** True where the host counts what metrics tell of. */
  readonly isMeasured?: boolean;
}

/** What a host records of its traces, and when it says so. */
export interface HostTelemetry extends RecorderSettings {
  /** Milliseconds after which what was recorded is sent by itself, if no batch took it along; Infinity for never. */
  readonly sendWithin: number;
}
