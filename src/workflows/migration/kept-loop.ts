/** A loop that has begun, or was told something, in a new definition. */

import type { PlannedLoop } from "../coordination/workflow-plan.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import { wholeOf } from "../definition/steps-of-run.ts";
import type { RunState } from "../history/run-state.ts";
import { placedSteps, type PlacedStep } from "../steps/run-steps.ts";
import { isRoundKept } from "../steps/outline-index.ts";
import type { StepOutline } from "../steps/step-outline.ts";
import type { Findings } from "./findings.ts";
import { shapeOf } from "./shape-of.ts";

export function judgeLoop(
  { steps }: RunState,
  { step, about }: Pick<PlacedStep, "step" | "about">,
  now: { readonly step: PlannedLoop; readonly about: StepOutline },
  findings: Findings,
): void {
  const { name, loop, inbox } = step;
  const { max } = now.step;
  const { round = 0 } = loop ?? {};
  const unread = inbox === undefined ? 0 : inbox.told - inbox.read;
  if (round > max) findings.refuse(`"${name}" has begun round ${round}, and may have ${max} in the new definition`);
  else if (unread > 0 && round >= max)
    findings.refuse(`"${name}" has ${unread} messages that no round of it could read`);
  if (round > 0) judgeRounds();
  if (inbox === undefined || unread === 0) return;
  const { inbox: schema } = now.step;
  if (schema === undefined) {
    findings.refuse(`"${name}" has ${unread} messages that no round has read, and takes none in the new definition`);
    return;
  }
  const messages: Payload[] = inbox.messages.slice(inbox.messages.length - unread);
  let isChanged = false;
  for (const [index, message] of messages.entries()) {
    const site = { agent: name, version: "loop", direction: "message", side: "sender" } as const;
    const contract = { schema, before: about.contract, now: now.about.contract, site };
    findings.carry(`a message to "${name}"`, message, contract, (value) => {
      messages[index] = value;
      isChanged = true;
    });
  }
  if (isChanged) findings.change({ step: name, messages });

  /** Rounds that can't be undone are not kept: so whether they can is settled. So is what steps are in them. */
  function judgeRounds(): void {
    const [before, rounds] = [about.loop?.rounds ?? {}, now.about.loop?.rounds ?? {}];
    if (shapeOf(about) !== shapeOf(now.about)) {
      findings.refuse(`"${name}" has begun, and its rounds have other steps in the new definition`);
      return;
    }
    for (const { step: one } of placedSteps(steps)) {
      const { who } = one;
      if (who !== undefined && wholeOf(one.name) === name && rounds[who] === undefined)
        findings.refuse(`"${one.name}" was done by ${who}, and "${name}" has no such agent in the new definition`);
    }
    for (const [who, outline] of Object.entries(rounds))
      if (before[who] !== undefined && isRoundKept(before[who]) !== isRoundKept(outline))
        findings.refuse(
          `"${name}" has begun, and whether its rounds by ${who} can be undone changes: that is settled by then`,
        );
  }
}
