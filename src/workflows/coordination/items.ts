/** What is decided about the items of an each from a run's state: by the orchestrator where an agent does them, by the supervisor where a workflow does. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { StepFailed, StepStarted } from "../history/run-event.ts";
import { rangeToStart } from "../history/run-items.ts";
import type { RunState } from "../history/run-state.ts";
import { sourcesIn } from "./decide.ts";
import { decideItems, listOf, type MadeList } from "./lists.ts";
import type { PlannedEach } from "./workflow-plan.ts";

/** The items for which there is room start, or fail since their mappings do. */
export function itemsToStart(
  each: PlannedEach,
  state: RunState,
  codec: PayloadCodec,
): readonly (StepStarted | StepFailed)[] {
  const range = rangeToStart(state, each.name);
  if (range === undefined || range.from === range.to) return [];
  const { coordination: by, epoch } = state;
  const list = (): MadeList => listOf(each, range.items, () => sourcesIn(state, each), codec);
  return decideItems(each, range, { by, epoch }, list, codec);
}
