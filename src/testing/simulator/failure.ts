/** The error of a simulation whose scenario failed: repeated, shrunk, and with what repeats it. */

import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { nodeClock } from "../../runtime/platform/node-clock.ts";
import { explanation } from "./explain/explanation.ts";
import { RunLog } from "./explain/run-log.ts";
import { type RunOutcome, runOnce } from "./run-once.ts";
import { type Schedule, writeSchedule } from "./schedules/schedule-string.ts";
import { shrink } from "./schedules/shrink.ts";
import type { VirtualSources } from "./virtual/virtual-sources.ts";
import type { Scenario, SimulateOptions } from "./simulate-options.ts";

const shrinking = { maxRuns: 500, maxTime: 2_000 } as const;

/** Longer runs are not shrunk: those that go on until they have too many steps are all long. */
const longest = 20_000;

/** Runs a failing run again, which has to fail as it did, and shrinks it. */
export async function failure(
  scenario: Scenario,
  options: SimulateOptions,
  failed: RunOutcome,
  sources: VirtualSources,
): Promise<TroupeError> {
  const thrown = failed.failure?.thrown;
  const isOutside = options.system?.journal !== undefined; // what it keeps is not the same the second time
  if (isOutside || failed.trace.length > longest) return failedBySeed(failed, thrown);
  const again = await runOnce(scenario, failed.seed, options, { sources, given: failed });
  const likeIt = kindOf(thrown);
  const fails = (run: RunOutcome): boolean => run.failure !== undefined && kindOf(run.failure.thrown) === likeIt;
  if (again.schedule !== failed.schedule || !fails(again)) return notRepeatable(failed, again, thrown);
  const maxSteps = 2 * failed.trace.length + 1_000;
  const smallest = await shrink(failed, {
    ...shrinking,
    clock: nodeClock(),
    fails,
    run: (chosen) => runOnce(scenario, failed.seed, { ...options, maxSteps }, { sources, given: { chosen } }),
  });
  const log = new RunLog();
  await runOnce(scenario, failed.seed, { ...options, maxSteps }, { sources, given: smallest, log });
  const explained = explanation(log, smallest.failure?.thrown);
  const replay = writeSchedule(smallest);
  const drawn = options.exhaustive === undefined ? [bySeed(failed)] : []; // by exhaustive search, its choices were not drawn
  const shortest = `Its shortest schedule found has ${extentOf(smallest)}: simulate(scenario, { replay: "${replay}" }).`;
  const message = [failedWith(failed, thrown), ...explained, ...drawn, shortest].join("\n");
  const details = { seed: failed.seed, steps: failed.trace.length, replay };
  return new TroupeError(codeOf(thrown), message, { cause: thrown, details });
}

/** The error of a failing run that was not repeated. */
export function failedBySeed(failed: RunOutcome, thrown: unknown): TroupeError {
  const { seed, trace } = failed;
  const message = `${failedWith(failed, thrown)}\n${bySeed(failed)}`;
  return new TroupeError(codeOf(thrown), message, { cause: thrown, details: { seed, steps: trace.length } });
}

/** What a replayed run ends with: nothing if it held, and was the schedule that it was to be. */
export function failedOnReplay(
  run: RunOutcome,
  { seed, hash }: Schedule,
  replay: string,
  log: RunLog,
): TroupeError | undefined {
  const hasChanged = run.misfit !== undefined || !run.schedule.startsWith(hash);
  const how = run.misfit ?? "it has all of its choices, and other steps between them";
  if (run.failure === undefined) {
    if (!hasChanged) return undefined;
    return new TroupeError(
      "not-repeatable",
      `the schedule of the replay is there no more, and what is left of it holds: ${how}`,
      {
        details: { seed, steps: run.trace.length },
      },
    );
  }
  const { thrown } = run.failure;
  const note = hasChanged ? `\nThe schedule is not quite that of the replay: ${how}.` : "";
  const explained = explanation(log, thrown);
  const message = [`the scenario failed on replay: ${encodeError(thrown).message}${note}`, ...explained].join("\n");
  return new TroupeError(codeOf(thrown), message, {
    cause: thrown,
    details: { seed, steps: run.trace.length, replay },
  });
}

function failedWith({ seed }: RunOutcome, thrown: unknown): string {
  return `the scenario failed with seed ${seed}: ${encodeError(thrown).message}`;
}

function bySeed({ seed }: RunOutcome): string {
  return `Repeat it with simulate(scenario, { seed: ${seed}, runs: 1 }).`;
}

function codeOf(thrown: unknown): "deadlock" | "livelock" | "simulation-failed" {
  if (thrown instanceof TroupeError && (thrown.code === "deadlock" || thrown.code === "livelock")) return thrown.code;
  const code = "simulation-failed";
  return code;
}

/** Equal for failures that are alike: their numbers may differ. */
function kindOf(thrown: unknown): string {
  const { name, message } = encodeError(thrown);
  return `${name}: ${message.replace(/\d+/g, "#")}`;
}

function extentOf({ chosen }: RunOutcome): string {
  const count = (choices: readonly number[], one: string): string => {
    const number = choices.filter((choice) => choice !== 0).length;
    return `${number === 0 ? "no" : number} ${one}${number === 1 ? "" : one.endsWith("s") ? "" : one.endsWith("ch") ? "es" : "s"}`;
  };
  return `${count(chosen.step, "switch")} and ${count([...chosen.fault, ...chosen.strike], "fault")}`;
}

function notRepeatable(failed: RunOutcome, again: RunOutcome, thrown: unknown): TroupeError {
  const at = failed.trace.findIndex(
    ({ at: time, lane }, index) => again.trace[index]?.lane !== lane || again.trace[index].at !== time,
  );
  const step = (run: RunOutcome): string => (run.trace[at] === undefined ? "the end" : `a ${run.trace[at].lane}`);
  const difference =
    at >= 0
      ? `step ${at + 1} was ${step(failed)}, and ${step(again)} the second time`
      : again.failure === undefined
        ? "all steps were the same, and it held the second time"
        : `it went on otherwise, and failed with: ${encodeError(again.failure.thrown).message}`;
  return new TroupeError(
    "not-repeatable",
    `${failedWith(failed, thrown)}\nThe same choices led to something else when it was run again: ${difference}. It depends on something that the simulation doesn't decide, such as a variable that outlives the run, a file, the network, or randomUUID of node:crypto.`,
    { cause: thrown, details: { seed: failed.seed, steps: failed.trace.length } },
  );
}
