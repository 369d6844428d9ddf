/** What is decided about items and rounds from a run's state: by the orchestrator where agents do them, by the supervisor where a workflow does. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { StepFailed, StepStarted } from "../history/run-event.ts";
import { rangeToStart } from "../history/run-items.ts";
import { betweenRounds } from "../history/run-rounds.ts";
import type { RunState } from "../history/run-state.ts";
import { sourcesIn } from "./decide.ts";
import { decideItems, listOf, type MadeList } from "./lists.ts";
import { decideRound, type RoundDecision } from "./rounds.ts";
import type { PlannedEach, PlannedLoop } from "./workflow-plan.ts";

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

/** What follows in a loop of which no round is in flight: the next one, or its end. */
export function roundToStart(loop: PlannedLoop, state: RunState, codec: PayloadCodec): readonly RoundDecision[] {
  const between = betweenRounds(state, loop.name);
  if (between === undefined) return [];
  const { coordination: by, epoch } = state;
  return [decideRound(loop, between, { by, epoch, sources: sourcesIn(state, loop) }, codec)];
}
