/** What a wait or a loop of a run is told: the event that it comes to, once it is what that takes. */

import type * as v from "valibot";
import { checkContract } from "../../contracts/contract.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import { anyOf, isInPart } from "../definition/steps-of-run.ts";
import { openingAt, type PlannedOpening, type WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { TellOptions } from "../definition/tell-options.ts";
import type { LoopTold, WaitAnswered } from "../history/run-event.ts";

/** @throws TroupeError `invalid-options`, `contract-violated`, `not-cloneable`, `message-too-large`. */
export function toldTo(
  plan: WorkflowPlan,
  path: string,
  given: unknown,
  { by, idempotencyKey }: TellOptions,
  codec: PayloadCodec,
): WaitAnswered | LoopTold {
  const { name, version } = plan.workflow;
  const step = path === anyOf(path) && isInPart(path) ? undefined : openingAt(plan, path);
  const schema = step && schemaOf(step);
  if (step === undefined || schema === undefined) {
    const names = [...plan.opening.values()].flatMap((other) => (schemaOf(other) === undefined ? [] : [other.name]));
    throw new TroupeError(
      "invalid-options",
      `tell: the workflow ${name}@${version} has no wait, and no loop with an inbox, ${shown(path)}; ` +
        (names.length === 0 ? "it has none" : `it has ${names.join(", ")}`),
    );
  }
  const parsed = checkContract(schema, given, {
    ...{ agent: `${name}.${path}`, version, side: "sender" },
    direction: step.kind === "wait" ? "answer" : "message",
  });
  const told = {
    step: path,
    ...(by === undefined ? {} : { by }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  return step.kind === "loop"
    ? { type: "loop-told", ...told, message: codec.encode(parsed, `the message to the loop "${path}"`) }
    : { type: "wait-answered", ...told, answer: codec.encode(parsed, `the answer to the wait "${path}"`) };
}

/** The schema of what it is told; `undefined` if it is told nothing. */
function schemaOf(step: PlannedOpening): v.GenericSchema | undefined {
  if (step.kind === "loop") return step.inbox;
  return step.kind === "wait" ? step.answer : undefined;
}
