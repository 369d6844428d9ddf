/** What is in a run's stream, typed by what the agents of its steps emit. */

import type { RunRecord } from "./history/run-history.ts";

/**
 * What {@link Run.stream$} gives:
 * - `event`: an event of the run, as in {@link Run.events$}.
 * - `part`: what an attempt at a step has emitted. `attempt` and `index` count what the step emits: attempts from 1, the parts of each
 *   from 0. `value` is as parsed by the schema `emits` of the agent, and typed by `step` where the workflow is known.
 * - `gap`: so many parts of the attempt are missing at this place.
 *
 * `Parts` is what each step emits, by its path; `unknown` where the workflow isn't known.
 *
 * @since 0.1.0
 */
export type StreamItem<Parts = unknown> =
  | { readonly kind: "event"; readonly record: RunRecord }
  | (unknown extends Parts
      ? StepPart<string, unknown>
      : { readonly [Step in keyof Parts & string]: StepPart<Step, Parts[Step]> }[keyof Parts & string])
  | { readonly kind: "gap"; readonly step: string; readonly attempt: number; readonly lost: number };

/** What a step emits; none for one whose agent emits nothing. */
type StepPart<Step extends string, Value> = [Value] extends [never]
  ? never
  : {
      readonly kind: "part";
      readonly step: Step;
      readonly attempt: number;
      readonly index: number;
      readonly value: Value;
    };

/** The steps that emit text, as far as it is known. */
export type TextStep<Parts> = unknown extends Parts
  ? string
  : {
      readonly [Step in keyof Parts & string]: [Parts[Step]] extends [never]
        ? never
        : unknown extends Parts[Step]
          ? Step
          : Parts[Step] extends string
            ? Step
            : never;
    }[keyof Parts & string];
