/** What has to hold of every run, whatever happened to it. */

import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import type { Outcome, Played, Scenario } from "./run-scenario.ts";
import { doerOf, expected, isWhole, pathsOf, type Planned, stepAt, worthOf } from "./run-scenario.ts";
import { quickExpect } from "../../quick-expect.ts";

/** Invariants 5 and 10 for one run, judged by what agents did against what the history says. */
export function expectSound(scenario: Scenario, run: Outcome): void {
  const of = (type: string): string[] =>
    run.events.flatMap((event) => (event.type === type && "step" in event ? [event.step ?? ""] : []));
  const started = of("step-started");
  const finished = of("step-finished");

  quickExpect(run.status === "unfinished", "every run ends").toBe(false);
  // exactly once: no attempt starts twice; what was begun was executed, unless it was given up before its turn came
  quickExpect(new Set(attempts(run.events, "step-started")).size, "no attempt starts twice").toBe(started.length);
  quickExpect(new Set(finished).size, "no step finishes twice").toBe(finished.length);
  const isTwice = (step: string): boolean => times(run.executed, step) > times(started, step);
  quickExpect([...new Set([...run.executed, ...started])].filter(isTwice), "no attempt is executed twice").toEqual([]);
  const isDone = (step: string): boolean => isByAgent(scenario, step) && !isFallback(run, step);
  quickExpect(missing(run.executed, finished.filter(isDone)), "what finished was executed").toEqual([]);
  expectInTurn(scenario, run);
  expectSettled(scenario, run, finished, of("step-skipped"));
  expectToldOnce(scenario, run);
  expectBounded(scenario, run);
  expectLooped(scenario, run);
  expectUndone(scenario, run);
  const isExact =
    run.status === "completed" &&
    finished.every((step) => !isFallback(run, step)) &&
    toleratedIn(run).every((item) => isMeantToFail(scenario, item));
  if (isExact) {
    const { output, skipped, settled } = expected(
      scenario,
      Number(run.id.slice(1)),
      expiredWaits(run),
      toldRounds(run),
    );
    quickExpect(run.output).toEqual(output);
    quickExpect(of("step-skipped").toSorted()).toEqual(skipped.toSorted());
    quickExpect([...finished, ...of("step-skipped"), ...toleratedIn(run)].toSorted()).toEqual(settled.toSorted());
  }
  quickExpect(
    run.events.filter(({ type }) => type === "run-started" || type === "run-ended").map(({ type }) => type),
  ).toEqual(["run-started", "run-ended"]);
}

/** A step starts, or is skipped, after what it comes after has settled, and while its sub-workflow is open. */
function expectInTurn(scenario: Scenario, run: Outcome): void {
  const settled = new Set<string>();
  const open = new Set<string>();
  const inFlight = new Set<string>();
  const cutOff: string[] = [];
  const early: string[] = [];
  const outside: string[] = [];
  for (const event of run.events) {
    if (event.type === "step-started" || event.type === "step-skipped" || event.type === "wait-opened") {
      const { after, needs } = stepOf(scenario, event.step);
      const scope = event.step.slice(0, event.step.lastIndexOf("/") + 1);
      for (const other of [...after, ...needs].map((index) => `${scope}s${index}`))
        if (!settled.has(other)) early.push(`${event.type} ${event.step}, before ${other}`);
      if (scope !== "" && !open.has(scope.slice(0, -1))) outside.push(`${event.type} ${event.step}`);
    }
    if (event.type === "step-finished" || event.type === "step-skipped") settled.add(event.step);
    if (event.type === "step-started") (isByAgent(scenario, event.step) ? inFlight : open).add(event.step);
    if (event.type === "run-recovered") inFlight.clear();
    if (event.type !== "step-finished" && event.type !== "step-failed") continue;
    inFlight.delete(event.step);
    open.delete(event.step);
    if (isWhole(scenario, event.step))
      cutOff.push(...[...inFlight].filter((step) => step.startsWith(`${event.step}/`)));
  }
  quickExpect(cutOff, "nothing of an item is in flight when it is over").toEqual([]);
  quickExpect(early, "what it comes after has settled").toEqual([]);
  quickExpect(outside, "its sub-workflow is open").toEqual([]);
}

/** Invariant 13: a step settles once, and a run that does not turn back completes if and only if all of its steps have settled. */
function expectSettled(
  scenario: Scenario,
  run: Outcome,
  finished: readonly string[],
  skipped: readonly string[],
): void {
  const all = toSettle(scenario, run, new Set(skipped));
  const there = new Set(all);
  const settled = [...finished, ...skipped, ...toleratedIn(run)].filter((step) => there.has(step) || !isInItem(step));
  quickExpect(new Set(settled).size, "no step settles twice").toBe(settled.length);
  const executed = new Set(run.executed);
  quickExpect(
    skipped.filter((step) => executed.has(step)),
    "what is skipped is not executed",
  ).toEqual([]);
  const hasTurned = run.state.failed !== undefined || run.state.cancelled !== undefined;
  quickExpect(run.status === "completed", "a run completes if and only if all of its steps have settled").toBe(
    !hasTurned && settled.length === all.length,
  );
  for (const path of all)
    if ((stepOf(scenario, path).kind === "workflow" || isWhole(scenario, path)) && finished.includes(path))
      quickExpect(
        missing(
          settled,
          all.filter((inner) => inner.startsWith(`${path}/`)),
        ),
        "a sub-workflow finishes if and only if all of its steps have settled",
      ).toEqual([]);
}

/** True for a step, an item or a round that an agent does. */
function isByAgent(scenario: Scenario, path: string): boolean {
  if (/(\]|#\d+)$/.test(path)) return !isWhole(scenario, path);
  return stepOf(scenario, path).kind === "agent";
}

/** The rounds that were begun. */
function roundsOf(run: Outcome): string[] {
  return run.events.flatMap((event) => (event.type === "step-started" && event.who !== undefined ? [event.step] : []));
}

/** What each round was told: by the history, those messages that no round before had read. */
function toldRounds(run: Outcome): ReadonlyMap<string, readonly { readonly value: number }[]> {
  const messages = new Map<string, { value: number }[]>();
  const read = new Map<string, number>();
  const rounds = new Map<string, readonly { readonly value: number }[]>();
  for (const event of run.events) {
    if (event.type === "loop-told")
      messages.set(event.step, [...(messages.get(event.step) ?? []), event.message as { value: number }]);
    if (event.type !== "step-started" || event.told === undefined) continue;
    const loop = event.step.slice(0, event.step.lastIndexOf("#"));
    rounds.set(event.step, (messages.get(loop) ?? []).slice(read.get(loop) ?? 0, event.told));
    read.set(loop, event.told);
  }
  return rounds;
}

/**
 * Invariants 14 and 15 of loops: rounds follow one another, no more of them than there may be; each message is read by one round, and none is
 * left when the loop ends.
 */
function expectLooped(scenario: Scenario, run: Outcome): void {
  for (const [path, { loop, inner }] of pathsIn(scenario, run)) {
    if (loop === undefined) continue;
    let rounds = 0;
    let isInRound = false;
    let isOver = false;
    let told = 0;
    let read = 0;
    let last = 0;
    const keys: (string | undefined)[] = [];
    for (const event of run.events) {
      if (event.type === "loop-told" && event.step === path) {
        quickExpect(loop.hasInbox && !isOver && rounds < loop.max, "no message comes that no round can read").toBe(
          true,
        );
        told++;
        keys.push(event.idempotencyKey);
      }
      if (!("step" in event) || event.step === undefined) continue;
      if (event.step === path && event.type === "step-finished") {
        quickExpect([isInRound, isOver, event.round], "a loop ends once, with its last round").toEqual([
          false,
          false,
          rounds,
        ]);
        quickExpect(read, "no message is unread when its loop ends").toBe(told);
        isOver = true;
      }
      if (!isPartOf(event.step, `${path}#`)) continue;
      if (event.type === "step-started" && event.attempt === undefined) {
        rounds++;
        quickExpect([isInRound, isOver, event.step], "rounds follow one another").toEqual([
          false,
          false,
          `${path}#${rounds}`,
        ]);
        quickExpect(rounds, "there are no more rounds than there may be").toBeLessThanOrEqual(loop.max);
        const doer = inner === undefined ? `a${doerOf(last, rounds, loop.agents.length)}` : "scenario";
        quickExpect(event.who, "by the agent whose turn it is, or by the workflow").toBe(doer);
        isInRound = true;
        const upTo = event.told ?? read;
        quickExpect(upTo >= read && upTo <= told, "a round reads what came since the one before").toBe(true);
        read = upTo;
      }
      if (event.type === "step-finished") {
        isInRound = false;
        last = worthOf(event.output);
      }
    }
    quickExpect(new Set(keys).size, "no message is told twice").toBe(keys.length);
  }
}

/** True for what is in an item, and for the item. */
function isInItem(path: string): boolean {
  return path.includes("]");
}

/** All steps that a run has had, those of items too: of any that was begun. */
function pathsIn(scenario: Scenario, run: Outcome): Planned[] {
  const wholes = run.events.flatMap((event) =>
    event.type === "step-started" && isWhole(scenario, event.step) ? [event.step] : [],
  );
  return [
    ...pathsOf(scenario.steps),
    ...wholes.flatMap((item) => pathsOf(stepOf(scenario, item).inner ?? [], `${item}/`)),
  ];
}

/** The items of all lists that were begun. */
function itemsOf(run: Outcome): string[] {
  return run.events.flatMap((event) =>
    event.type === "step-started" && event.items !== undefined
      ? Array.from({ length: event.items.count }, (_, index) => `${event.step}[${index}]`)
      : [],
  );
}

/** The items that failed for good while the run went on: it may have turned back since. */
function toleratedIn({ events, state }: Outcome): string[] {
  const forGood = (event: RunEvent) => event.type === "step-failed" && event.retryAt === undefined;
  const turn = events.findIndex(
    (event) => event.type === "cancel-requested" || (forGood(event) && "step" in event && event.step === state.failed),
  );
  return events
    .slice(0, turn < 0 ? undefined : turn)
    .flatMap((event) =>
      event.type === "step-failed" && forGood(event) && event.step.endsWith("]") ? [event.step] : [],
    );
}

function isMeantToFail(scenario: Scenario, item: string): boolean {
  const { fails, each } = stepOf(scenario, item);
  const index = Number(/\[(\d+)\]$/.exec(item)?.[1]);
  return (fails === "executing" || fails === "mapping") && (index + 1) % (each?.failing ?? 0) === 0;
}

/** Invariant 14: at no time are more items begun than their each works on at a time; they begin in order, and fail as often as is tolerated. */
function expectBounded(scenario: Scenario, run: Outcome): void {
  for (const [path, { each }] of pathsIn(scenario, run)) {
    if (each === undefined) continue;
    const active = new Set<string>();
    let begun = 0;
    let failed = 0;
    let most = 0;
    const outOfOrder: string[] = [];
    for (const event of run.events) {
      if (!("step" in event) || !isPartOf(event.step ?? "", `${path}[`)) continue;
      const isNew = event.step === `${path}[${begun}]`;
      if (event.type === "step-started") {
        if (event.attempt === undefined && !isNew) outOfOrder.push(event.step);
        active.add(event.step);
        most = Math.max(most, active.size);
      }
      if (event.type === "step-finished" || event.type === "step-failed") {
        if (event.type === "step-finished" || event.retryAt === undefined) active.delete(event.step);
        if (event.type === "step-failed" && event.retryAt === undefined) failed++;
      }
      if (isNew) begun++;
    }
    quickExpect(outOfOrder, "items begin in order").toEqual([]);
    quickExpect(most, "no more items are begun than are worked on at a time").toBeLessThanOrEqual(each.concurrency);
    const isOver = run.events.some((event) => event.type === "step-finished" && event.step === path);
    if (isOver) quickExpect(failed, "no more items fail than are tolerated").toBeLessThanOrEqual(each.tolerate ?? 0);
  }
}

/** True for an item, or a round, and not for what is in one. */
function isPartOf(path: string, whole: string): boolean {
  return path.startsWith(whole) && !path.slice(whole.length).includes("/") && !/[[#]/.test(path.slice(whole.length));
}

/** All steps, items and rounds but those of sub-workflows that are skipped, and of items that have failed. */
function toSettle(scenario: Scenario, run: Outcome, skipped: ReadonlySet<string>): readonly string[] {
  const failed = run.events.flatMap((event) => (event.type === "step-failed" ? [event.step] : []));
  const over = [...skipped, ...failed.filter((step) => isWhole(scenario, step))];
  return [...pathsIn(scenario, run).map(([path]) => path), ...itemsOf(run), ...roundsOf(run)].filter(
    (path) => !over.some((other) => path.startsWith(`${other}/`)),
  );
}

/** Invariant 15: a wait opens once, takes one answer, and finishes with that or as it was given up; nobody does a wait. */
function expectToldOnce(scenario: Scenario, run: Outcome): void {
  const of = (type: RunEvent["type"]): string[] =>
    run.events.flatMap((event) => (event.type === type && "step" in event ? [event.step ?? ""] : []));
  const [opened, answered, finished] = [of("wait-opened"), of("wait-answered"), of("step-finished")];
  quickExpect(new Set(opened).size, "no wait opens twice").toBe(opened.length);
  quickExpect(new Set(answered).size, "no wait is answered twice").toBe(answered.length);
  const expired = expiredWaits(run);
  const awaited = new Set([...opened, ...answered]);
  const done = new Set([...run.executed, ...run.compensated]);
  const doneOtherwise: string[] = [];
  const unopened: string[] = [];
  const untold: string[] = [];
  for (const [step, { kind }] of pathsIn(scenario, run)) {
    const isWait = kind === "wait" || kind === "pause";
    if ((isWait ? done : awaited).has(step)) doneOtherwise.push(step);
    if (!isWait || !finished.includes(step)) continue;
    if (!opened.includes(step)) unopened.push(step);
    if (kind === "wait" && answered.includes(step) === expired.has(step)) untold.push(step);
  }
  quickExpect(doneOtherwise, "an agent does what is no wait, and no wait").toEqual([]);
  quickExpect(unopened, "it opens before it finishes").toEqual([]);
  quickExpect(untold, "it finishes with its answer, or given up").toEqual([]);
}

function expiredWaits(run: Outcome): ReadonlySet<string> {
  return new Set(
    run.events.flatMap((event) => (event.type === "step-finished" && event.isExpired === true ? [event.step] : [])),
  );
}

/** Compensations: none, or all that are needed, each at least once and accepted once, the last finished first. */
function expectUndone(scenario: Scenario, run: Outcome): void {
  const begun = run.events.flatMap((event) => (event.type === "compensation-started" ? [event.step] : []));
  const undone = run.events.flatMap((event) => (event.type === "compensation-finished" ? [event.step] : []));
  quickExpect(new Set(attempts(run.events, "compensation-started")).size, "no undoing starts twice").toBe(begun.length);
  const isTwice = (step: string): boolean => times(run.compensated, step) > times(begun, step);
  quickExpect([...new Set(run.compensated)].filter(isTwice), "no undoing is done twice").toEqual([]);
  quickExpect(missing(run.compensated, undone), "what is undone was compensated").toEqual([]);
  const { pivot } = scenario;
  const isInDoubt = inDoubt(scenario, run);
  if (isInDoubt)
    quickExpect(run.status, "that may be past its point of no return waits for a person").toBe("compensation-failed");
  const isKept = run.status === "completed" || passed(run, pivot) || isInDoubt;
  const unknown = isKept ? [] : unknownSteps(scenario, run);
  const finished = isKept ? [] : toUndo(scenario, run, unknown);
  // those that never finished come first, in whatever order
  const unfinished = unknown.filter((step) => !finished.includes(step));
  const order = [...new Set(run.compensated)];
  const isInOrder = (list: readonly string[]): void => {
    const first = list.slice(0, unfinished.length);
    quickExpect(first.filter((step) => !unfinished.includes(step))).toEqual([]);
    const rest = list.slice(unfinished.length);
    quickExpect(rest).toEqual(finished.slice(0, rest.length));
  };
  isInOrder(order);
  if (run.status === "compensation-failed") {
    if (!passed(run, pivot)) quickExpect(undone.filter((step) => step === run.state.uncompensated)).toEqual([]);
    return;
  }
  if (run.status !== "completed")
    quickExpect(passed(run, pivot), "past its point of no return a run isn't undone").toBe(false);
  quickExpect(undone.toSorted()).toEqual([...unfinished, ...finished].toSorted());
  isInOrder(undone);
  quickExpect([...new Set(run.compensatedUnknown)].toSorted()).toEqual(unknown.toSorted());
}

/** The steps that finished and can be undone, the last one first: by what their agents gave, or those whose effects are unknown. */
function toUndo(scenario: Scenario, run: Outcome, unknown: readonly string[]): string[] {
  return run.events
    .flatMap((event) => (event.type === "step-finished" ? [event] : []))
    .filter(({ step, fallbackFor }) =>
      !isByAgent(scenario, step)
        ? false
        : fallbackFor === undefined
          ? scenario.agents[agentFor(scenario, run, step)]?.isCompensable === true
          : unknown.includes(step),
    )
    .map(({ step }) => step)
    .toReversed();
}

/** The steps without an output whose effects are unknown and whose agents can undo them. */
function unknownSteps(scenario: Scenario, run: Outcome): string[] {
  return uncertainSteps(run).filter((step) => isByAgent(scenario, step) && undoesUnknown(scenario, run, step));
}

/** True when the effects of the point of no return are unknown and its agent can't undo them. */
function inDoubt(scenario: Scenario, run: Outcome): boolean {
  const pivot = `s${scenario.pivot}`;
  const hasEnded = run.status !== "completed" && !passed(run, scenario.pivot);
  return hasEnded && uncertainSteps(run).includes(pivot) && !undoesUnknown(scenario, run, pivot);
}

function undoesUnknown(scenario: Scenario, run: Outcome, step: string): boolean {
  return scenario.agents[agentFor(scenario, run, step)]?.undoesUnknown === true;
}

/** Which agent did a step: of a loop, that of the round. */
function agentFor(scenario: Scenario, run: Outcome, path: string): number {
  const { agent, loop } = stepOf(scenario, path);
  if (loop === undefined) return agent;
  const started = run.events.find(
    (event) => event.type === "step-started" && event.step === path && event.who !== undefined,
  );
  const who = started?.type === "step-started" ? started.who : undefined;
  return loop.agents[Number(who?.slice(1))] ?? -1;
}

/** The steps without an output whose effects are unknown. */
function uncertainSteps(run: Outcome): string[] {
  const unknown = new Set<string>();
  const open = new Set<string>();
  for (const event of run.events) {
    if (event.type === "step-started") open.add(event.step);
    if (event.type === "step-finished" || event.type === "step-failed") open.delete(event.step);
    if (event.type === "step-failed" && event.isUncertain === true) unknown.add(event.step);
    if (event.type === "run-recovered") for (const step of open) unknown.add(step);
    if (event.type === "run-recovered") open.clear();
    if (event.type === "step-finished" && event.fallbackFor === undefined) unknown.delete(event.step);
  }
  return [...unknown];
}

function passed(run: Outcome, pivot: number | undefined): boolean {
  return run.events.some(
    ({ type, ...event }) => type === "step-finished" && "step" in event && event.step === `s${pivot}`,
  );
}

function isFallback(run: Outcome, step: string): boolean {
  return run.events.some(
    (event) => event.type === "step-finished" && event.step === step && event.fallbackFor !== undefined,
  );
}

function attempts(events: readonly RunEvent[], type: "step-started" | "compensation-started"): string[] {
  return events.flatMap((event) => (event.type === type ? [`${event.step}/${event.attempt ?? 1}`] : []));
}

/** Those of `wanted` that are not among `steps`. */
function missing(steps: readonly string[], wanted: readonly string[]): string[] {
  const there = new Set(steps);
  return wanted.filter((step) => !there.has(step));
}

function times(steps: readonly string[], step: string): number {
  return steps.filter((other) => other === step).length;
}

/** All runs are sound, nothing escaped and nothing is remembered that isn't needed any more (invariant 7). */
export function expectAllSound(scenario: Scenario, played: Played): void {
  for (const run of played.runs) expectSound(scenario, run);
  for (const { run, step, key } of played.taken) {
    const events = played.runs.find(({ id }) => id === run)?.events ?? [];
    quickExpect(
      events.filter((event) => event.type === "loop-told" && event.step === step && event.idempotencyKey === key),
      "what a sender knows to be taken is in the history, once",
    ).toHaveLength(1);
  }
  quickExpect(played.errors).toEqual([]);
  quickExpect(played.leftovers).toBe(0);
}

function stepOf(scenario: Scenario, name: string): Scenario["steps"][number] {
  const step = stepAt(scenario, name);
  if (step === undefined) throw new Error(`no step ${name}`);
  return step;
}
