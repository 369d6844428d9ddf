/** What follows between two rounds of a loop: the next round, or its end. Pure, and the same for all that decide it. */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { shown } from "../../values/shown.ts";
import { type OfRun, roundPath } from "../definition/steps-of-run.ts";
import type { LoopStep, MappingSources } from "../definition/workflow-definition.ts";
import type { StepFailed, StepFinished, StepStarted } from "../history/run-event.ts";
import type { BetweenRounds } from "../history/run-rounds.ts";
import type { DecisionScope } from "./decide.ts";
import { callPure, decodeSources, frozen, inputFor } from "./pure-calls.ts";

/** The next round, or the loop's end, or that one of its functions failed. */
export type RoundDecision = (StepStarted & { readonly who: string }) | StepFinished | StepFailed;

/** Decides what follows. A message that no round has read has another round begin, whatever `until` would say. */
export function decideRound(
  step: OfRun<LoopStep>,
  { done, last, unread, told }: BetweenRounds,
  { by, epoch, sources: { payloads } }: DecisionScope,
  codec: PayloadCodec,
): RoundDecision {
  const { name, max, onMax } = step;
  try {
    const before = {
      ...decodeSources(payloads, codec),
      by: last?.who,
      last: last === undefined ? undefined : frozen(codec.decode(last.output)),
    };
    if (last !== undefined && unread.length === 0) {
      const isOver = isDone(step, Object.freeze({ ...before, round: done }));
      if (isOver || (done >= max && onMax === "accept"))
        return { type: "step-finished", step: name, output: last.output, round: done, epoch };
      if (done >= max) throw exhausted(name, max);
    }
    const round = done + 1;
    const messages = Object.freeze(unread.map((message) => frozen(codec.decode(message))));
    const sources = Object.freeze({ ...before, round, told: messages });
    const who = whoDoes(step, sources);
    const path = roundPath(name, round);
    const mapped = callPure({ name: path }, "mapping", step.maps[who] as LoopStep["until"], sources);
    const does = step.does[who] as LoopStep["does"][string];
    const input = inputFor(does, mapped, `the input mapped for the step "${path}"`, codec);
    const started = { type: "step-started", step: path, input, by, epoch, who } as const;
    return unread.length === 0 ? started : { ...started, told };
  } catch (error) {
    return { type: "step-failed", step: name, error: encodeError(error), epoch };
  }
}

/** @throws TroupeError `invalid-workflow`; what the loop's `until` throws. */
function isDone(step: OfRun<LoopStep>, sources: MappingSources): boolean {
  const said = callPure(step, "until", step.until, sources);
  if (typeof said === "boolean") return said;
  throw new TroupeError(
    "invalid-workflow",
    `the until of the loop "${step.name}" says true or false, not ${shown(said)}`,
  );
}

/** @throws TroupeError `invalid-workflow`; what the loop's `who` throws. */
function whoDoes(step: OfRun<LoopStep>, sources: MappingSources): string {
  const names = Object.keys(step.does);
  if (step.who === undefined) return names[0] ?? "";
  const who = callPure(step, "who", step.who, sources);
  if (typeof who === "string" && names.includes(who)) return who;
  throw new TroupeError(
    "invalid-workflow",
    `the who of the loop "${step.name}" gives one of its agents, ${names.join(", ")}, not ${shown(who)}`,
  );
}

function exhausted(step: string, max: number): TroupeError {
  return new TroupeError("loop-exhausted", `the loop "${step}" was not done after ${max} rounds, which is its max`, {
    details: { step, max },
  });
}
