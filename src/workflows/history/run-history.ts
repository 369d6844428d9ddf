/** A run's history as users read it. */

import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { RunEvent } from "./run-event.ts";
import { eventOf } from "./run-note.ts";
import type { RunState } from "./run-state.ts";

/**
 * One event of a run, with the version of `run/<id>` that holds it and when that was committed.
 *
 * @since 0.1.0
 */
export interface RunRecord {
  readonly run: string;
  /** Events that were accepted together share a version. */
  readonly version: number;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly time: number;
  readonly event: RunEvent;
}

/**
 * The events of the given versions of a run, in the order given: its whole history when given all versions. Inputs and
 * outputs are decoded: dates are dates again.
 */
export function recordsOf(run: string, snapshots: Iterable<Snapshot<RunState>>, codec: PayloadCodec): RunRecord[] {
  const records: RunRecord[] = [];
  for (const snapshot of snapshots)
    for (const record of storedRecords(run, snapshot)) records.push({ ...record, event: decoded(record.event, codec) });
  return records;
}

function storedRecords(run: string, { version, time, state }: Snapshot<RunState>): RunRecord[] {
  return state.events.map((note) => ({ run, version, time, event: eventOf(note, state) }));
}

/** An event with its inputs and outputs decoded, of which it has those that are stored. */
export function decoded(event: RunEvent, codec: PayloadCodec): RunEvent {
  switch (event.type) {
    case "run-started":
    case "step-started":
      return { ...event, input: codec.decode(event.input) };
    case "step-finished":
      return { ...event, output: codec.decode(event.output) };
    case "wait-opened":
      return "question" in event ? { ...event, question: codec.decode(event.question) } : event;
    case "wait-answered":
      return { ...event, answer: codec.decode(event.answer) };
    case "loop-told":
      return { ...event, message: codec.decode(event.message) };
    case "step-skipped":
    case "run-ended":
      return "output" in event ? { ...event, output: codec.decode(event.output) } : event;
    default:
      return event;
  }
}
