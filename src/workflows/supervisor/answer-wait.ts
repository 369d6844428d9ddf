/** An answer to a wait: the event that it comes to, once it is what the wait takes. */

import { checkContract } from "../../contracts/contract.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { TellOptions } from "../definition/tell-options.ts";
import type { WaitAnswered } from "../history/run-event.ts";

/** @throws TroupeError `invalid-options`, `contract-violated`, `not-cloneable`, `message-too-large`. */
export function answerTo(
  { workflow, openings, opening }: WorkflowPlan,
  wait: string,
  given: unknown,
  { by, idempotencyKey }: TellOptions,
  codec: PayloadCodec,
): WaitAnswered {
  const { name, version } = workflow;
  const step = opening.get(wait);
  if (step?.kind !== "wait") {
    const names = openings.flatMap((other) => (other.kind === "wait" ? [other.name] : []));
    throw new TroupeError(
      "invalid-options",
      `tell: the workflow ${name}@${version} has no wait ${shown(wait)}; ${names.length === 0 ? "it has none" : `it has ${names.join(", ")}`}`,
    );
  }
  const site = { agent: `${name}.${wait}`, version, direction: "message", side: "sender" } as const;
  const parsed = checkContract(step.answer, given, site);
  return {
    type: "wait-answered",
    step: wait,
    answer: codec.encode(parsed, `the answer to the wait "${wait}"`),
    ...(by === undefined ? {} : { by }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}
