/** The credit example, restarted until all applications are decided: the workload of `fixtures/credit.ts`. */

import { isDeepStrictEqual } from "node:util";
import type { Application } from "../../examples/credit/application.ts";
import { type Applicant, type Decision, openFile } from "../../examples/credit/contracts.ts";
import { decideSequentially } from "../../examples/credit/oracle.ts";
import { assessRisk, creditScore, detectFraud, verifyIncome } from "../../examples/credit/rules.ts";
import type { Coordination } from "../../src/workflows/history/coordination.ts";
import { stepOf } from "../../src/workflows/history/run-progress.ts";
import type { RunState } from "../../src/workflows/history/run-state.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import type { Snapshot } from "../../src/store/versions/snapshot.ts";
import { applications, lettersIn } from "./credit-inputs.ts";
import type { Workload } from "./crash-harness.ts";
import { readLetters } from "./fixtures/credit-letters.ts";

type Ack = { readonly id: string; readonly decision: Decision } | { readonly letter: string };

/** What was seen of the runs and their letters, over all rounds. */
export interface CreditSightings {
  decided: number;
  /** How often a run was gone on with after a kill. */
  recovered: number;
  /** How often a step did again what it had done before a kill, which was of no effect. */
  again: number;
}

/**
 * Checks after each kill that no application is decided wrongly or more than once, that each step's commits and letter
 * are there at most once and where its run says so; and in the end that all are decided (invariants 5, 10 and 11).
 */
export async function credit(coordination: Coordination, total: number, seen: CreditSightings): Promise<Workload<Ack>> {
  const inputs = new Map((await applications(total)).map((application) => [application.id, application]));
  const acknowledged = new Map<string, Decision>();
  const ends = new Map<string, number>();
  return {
    program: "credit.ts",
    arguments: [coordination, String(total)],
    hasLastRound: true,
    isFinite: true,
    async check(journal, acks, round, directory) {
      const letters = lettersByKey(lettersIn(directory));
      for (const ack of acks) {
        if ("letter" in ack) {
          if (!letters.has(ack.letter)) throw new Error(`the letter ${ack.letter} was sent and is not there`);
          continue;
        }
        const { id, decision } = ack;
        if (acknowledged.has(id)) throw new Error(`${id} was decided again`);
        acknowledged.set(id, decision);
      }
      for (const [id, application] of inputs) {
        const versions = await versionsOf<RunState>(journal, `run/${id}`);
        const state = versions.at(-1)?.state;
        checkHistory(id, versions);
        if (state?.status === "completed") {
          if (ends.has(id) && ends.get(id) !== versions.length) throw new Error(`${id} went on after its end`);
          ends.set(id, versions.length);
          expectSame(`the decision of ${id}`, stepOf(state, "approval")?.output, decideSequentially(application));
        } else if (state !== undefined && state.status !== "running") throw new Error(`${id} is ${state.status}`);
        else if (ends.has(id)) throw new Error(`${id} was decided and is not`);
        const effects = {
          files: (await versionsOf<Applicant>(journal, `applicant/${id}`)).map((version) => version.state),
          log: ((await journal.head(`log/${id}`))?.state as { readonly done: string[] } | undefined)?.done ?? [],
          letters,
        };
        checkEffects(application, state, effects);
      }
      for (const [id, decision] of acknowledged)
        expectSame(`the decision of ${id} as told`, decision, decideSequentially(inputs.get(id) as Application));
      for (const id of acknowledged.keys()) if (!ends.has(id)) throw new Error(`${id} was told of and is not decided`);
      if (letters.size > 0) throw new Error(`no handler was to write ${[...letters.keys()].join(", ")}`);
      if (round !== "last") return;
      if (ends.size !== inputs.size) throw new Error(`${ends.size} of ${inputs.size} applications are decided`);
      seen.decided += ends.size;
      seen.again += readLetters(lettersIn(directory)).filter(({ isAgain }) => isAgain).length;
      for (const id of ends.keys())
        seen.recovered += count(await versionsOf<RunState>(journal, `run/${id}`), "run-recovered");
    },
  };
}

async function versionsOf<S>(journal: Journal, key: string): Promise<readonly Snapshot<S>[]> {
  const records = await journal.records(key, 1, Number.MAX_SAFE_INTEGER);
  return records.map(({ snapshot }) => snapshot as Snapshot<S>);
}

function count(versions: readonly Snapshot<RunState>[], type: string, step?: string): number {
  const events = versions.flatMap(({ state }) => state.events);
  return events.filter(
    (event) => event.type === type && (step === undefined || ("step" in event && event.step === step)),
  ).length;
}

/** Nothing that may happen once has happened twice. */
function checkHistory(id: string, versions: readonly Snapshot<RunState>[]): void {
  for (const { name: step } of versions.at(-1)?.state.steps.outline ?? [])
    if (count(versions, "step-finished", step) > 1) throw new Error(`${id}: ${step} finished more than once`);
  for (const type of ["run-started", "run-ended"])
    if (count(versions, type) > 1) throw new Error(`${id} has several events ${type}`);
  for (const type of ["step-failed", "compensation-started", "cancel-requested"])
    if (count(versions, type) > 0) throw new Error(`${id} has an event ${type}`);
}

/** What there is to be seen of an application's steps. */
interface Effects {
  readonly files: readonly Applicant[];
  readonly log: readonly string[];
  /** All letters; those that are looked at are taken out. */
  readonly letters: Map<string, unknown>;
}

/** A step that has finished has done all it does, once; one that has not started has done nothing. */
function checkEffects(application: Application, run: RunState | undefined, { files, log, letters }: Effects): void {
  const { id } = application;
  const statusOf = (step: string): string => (run === undefined ? undefined : stepOf(run, step)?.status) ?? "pending";
  const isDone = (effect: string, step: string, isThere: boolean): void => {
    const status = statusOf(step);
    if (isThere && status === "pending") throw new Error(`${id}: the ${effect} of ${step} is there before its step`);
    if (!isThere && status === "finished") throw new Error(`${id}: the ${effect} of ${step} is not there`);
  };
  const file = openFile(application);
  expectSame(`the file of ${id}`, files, [file, { ...file, score: creditScore(application) }].slice(0, files.length));
  isDone("commit", "score", files.length > 1);
  if (new Set(log).size !== log.length) throw new Error(`${id} did something twice: ${log.join(", ")}`);
  for (const [step, content] of Object.entries(effectsOf(application))) {
    const key = `${id}/${step}`;
    if (letters.has(key)) expectSame(`the letter ${key}`, letters.get(key), content);
    isDone("letter", step, letters.delete(key));
    isDone("entry", step, log.includes(step));
  }
}

/** What each step comes to, by the rules. */
function effectsOf(application: Application): Readonly<Record<string, unknown>> {
  const score = creditScore(application);
  const income = verifyIncome(application);
  return {
    score: { score },
    income,
    fraud: detectFraud(application),
    risk: assessRisk({ application, score, ...income }),
    approval: decideSequentially(application),
  };
}

/** What was received, by key. Each may be received once; whatever came again is the same. */
function lettersByKey(file: string): Map<string, unknown> {
  const letters = new Map<string, unknown>();
  for (const { key, content, isAgain = false } of readLetters(file)) {
    if (letters.has(key) !== isAgain) throw new Error(`the letter ${key} was received twice`);
    if (isAgain) expectSame(`the letter ${key}, again`, content, letters.get(key));
    letters.set(key, content);
  }
  return letters;
}

function expectSame(what: string, got: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(got, expected))
    throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
}
