/** The error of a simulation whose scenario failed: repeated, shrunk, and with what repeats it. */

import { encodeError } from "../../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import { RunLog } from "./explain/run-log.ts";
import type { Game } from "./game.ts";
import type { Chosen } from "./schedules/choices.ts";
import type { RunOutcome } from "./schedules/run-outcome.ts";
import { heldBefore, type HeldNoMore, type HeldRun, outlived } from "./outliving/held-before.ts";
import { type Schedule, writeSchedule } from "./schedules/schedule-string.ts";
import { shrink } from "./schedules/shrink.ts";
import { OutsideWork } from "./virtual/outside-work.ts";

/** A failing run, and what is known of it. */
export interface Failure {
  readonly error: TroupeError;
  /** Lines that say what happened; none where it wasn't run again. */
  readonly explained: readonly string[];
  /** Lines that say how to repeat it. */
  readonly repeat: readonly string[];
  /** What was seen in its shortest schedule. */
  readonly log?: RunLog;
}

/** Time is the processor's, so that a busy machine shrinks as far as one that isn't. */
const shrinking = { maxRuns: 500, maxTime: 2_000, clock: { now: processorTime } } as const;

/** A run of more steps is neither repeated nor shrunk: that would take too long for a run that ends only because it has too many steps. */
const longest = 20_000;

/** How a failing run was found. */
export interface Found {
  /** Whether its choices were drawn by its seed, or given. Default: drawn. */
  readonly found?: "drawn" | "given";
  /** Runs before it, which held. */
  readonly held?: readonly HeldRun[] | undefined;
}

/** Runs a failing run again, which has to fail as it did, while those before it still hold, and shrinks it. */
export async function failure(
  game: Game,
  failed: RunOutcome,
  { found = "drawn", held = [] }: Found = {},
): Promise<Failure> {
  const thrown = failed.failure?.thrown;
  if (failed.failure === undefined) return touched(game, failed);
  if (isTroupeError(thrown, "uncontrolled-source")) return fromOutside(failed, thrown);
  // something outside, such as a journal, keeps what the first run wrote, so that a second run may differ
  if (!game.isRepeatable || failed.trace.length > longest) return failureBySeed(game, failed);
  const watch = new OutsideWork();
  const again = await game.play(failed.seed, { given: failed, watch });
  if (watch.found !== undefined) return fromOutside(failed, watch.found, thrown);
  const likeIt = kindOf(thrown);
  const fails = (run: RunOutcome): boolean => run.failure !== undefined && kindOf(run.failure.thrown) === likeIt;
  if (again.schedule !== failed.schedule || !fails(again))
    return { error: notRepeatable(failed, again, thrown), explained: [], repeat: [] };
  const heldNoMore = await heldBefore(game, held);
  if (heldNoMore !== undefined) return { error: afterOthers(failed, thrown, heldNoMore), explained: [], repeat: [] };
  const maxSteps = 2 * failed.trace.length + 1_000;
  const run = (chosen: Chosen): Promise<RunOutcome> => game.play(failed.seed, { given: { chosen }, maxSteps });
  const smallest = game.isShrunk ? await shrink(failed, { ...shrinking, fails, run }) : failed;
  const log = new RunLog();
  await game.play(failed.seed, { given: smallest, log, maxSteps });
  const shortest = smallest.failure?.thrown; // the numbers in its message are those of the shortest schedule, which is told
  const explained = game.explain(log, shortest);
  const replay = writeSchedule(smallest);
  const bySeed = found === "drawn" ? [`Repeat it with ${game.repeat.bySeed(failed.seed)}.`] : [];
  const which = game.isShrunk ? "Its shortest schedule found" : "Its schedule";
  const byReplay = `${which} has ${extentOf(smallest)}: ${game.repeat.byReplay(replay)}.`;
  const repeat = [...bySeed, byReplay];
  const message = [failedWith(failed, shortest), ...explained, ...repeat].join("\n");
  const details = { seed: failed.seed, steps: failed.trace.length, replay };
  return { error: new TroupeError(codeOf(shortest), message, { cause: shortest, details }), explained, repeat, log };
}

/** A failing run that was not repeated. */
function failureBySeed(game: Game, failed: RunOutcome): Failure {
  const repeat = `Repeat it with ${game.repeat.bySeed(failed.seed)}.`;
  return { error: failedBySeed(failed, repeat), explained: [], repeat: [repeat] };
}

/** Runs a run again that held, but in which something from outside had a part. Returns the error that names what it was, if that is found. */
export async function whatTouched(
  game: Game,
  run: RunOutcome,
): Promise<TroupeError<"uncontrolled-source"> | undefined> {
  const watch = new OutsideWork();
  await game.play(run.seed, { given: run, watch });
  return watch.found;
}

/** The failure of a run that held, but in which something from outside had a part. */
async function touched(game: Game, run: RunOutcome): Promise<Failure> {
  const found = await whatTouched(game, run);
  if (found !== undefined) return fromOutside(run, found);
  const message = `the scenario held with seed ${run.seed}, where something from outside of the simulation had a part in it, and had none when it was run again`;
  const details = { seed: run.seed, steps: run.trace.length };
  return { error: new TroupeError("not-repeatable", message, { details }), explained: [], repeat: [] };
}

/** The error of a run in which code asks what the simulation doesn't decide; `thrown` is what that led to. */
function fromOutside(
  { seed, trace }: RunOutcome,
  { message, details: { source } }: TroupeError<"uncontrolled-source">,
  thrown?: unknown,
): Failure {
  const led =
    thrown === undefined ? "" : `\nThe scenario failed then with seed ${seed}: ${encodeError(thrown).message}`;
  const error = new TroupeError("uncontrolled-source", `${message}${led}\n${help}`, {
    cause: thrown,
    details: { source, seed, steps: trace.length },
  });
  return { error, explained: [], repeat: [] };
}

const help =
  "Have the scenario give its actors something that stands in for it: answering() for an agent, or what a message or a state hands them.";

/** The error of a failing run that was not repeated. */
export function failedBySeed(failed: RunOutcome, repeat: string): TroupeError {
  const { seed, trace } = failed;
  const thrown = failed.failure?.thrown;
  const details = { seed, steps: trace.length };
  return new TroupeError(codeOf(thrown), `${failedWith(failed, thrown)}\n${repeat}`, { cause: thrown, details });
}

interface Replayed {
  readonly run: RunOutcome;
  readonly schedule: Schedule;
  readonly replay: string;
  readonly log: RunLog;
}

/** The failure of a replayed run; `undefined` if it held, and its schedule was that of the replay. */
export function failureOnReplay(
  game: Game,
  { run, schedule: { seed, hash, checks }, replay, log }: Replayed,
): Failure | undefined {
  const hasChanged = run.misfit !== undefined || !run.schedule.startsWith(hash);
  const how = run.misfit ?? afterTheChoices(run, checks.count);
  if (run.failure === undefined) {
    if (!hasChanged) return undefined;
    const message = `the schedule of the replay is there no more, and what is left of it holds: ${how}`;
    const details = { seed, steps: run.trace.length };
    return { error: new TroupeError("not-repeatable", message, { details }), explained: [], repeat: [], log };
  }
  const { thrown } = run.failure;
  const note = hasChanged ? `\nThe schedule is not quite that of the replay: ${how}.` : "";
  const explained = game.explain(log, thrown);
  const message = [`the scenario failed on replay: ${encodeError(thrown).message}${note}`, ...explained].join("\n");
  const details = { seed, steps: run.trace.length, replay };
  const error = new TroupeError(codeOf(thrown), message, { cause: thrown, details });
  return { error, explained, repeat: [`Repeat it with ${game.repeat.byReplay(replay)}.`], log };
}

/** How a schedule differs from a replay that had `count` choices among steps, where the choices that both have are the same. */
function afterTheChoices({ marks: { length } }: RunOutcome, count: number): string {
  if (length < count) return `there were ${count} choices among steps, and there are ${length}`;
  return "its choices among steps are the same, and the steps after the last of them are others";
}

/** Milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function failedWith({ seed }: RunOutcome, thrown: unknown): string {
  return `the scenario failed with seed ${seed}: ${encodeError(thrown).message}`;
}

function codeOf(thrown: unknown): "deadlock" | "livelock" | "simulation-failed" {
  if (isTroupeError(thrown, "deadlock") || isTroupeError(thrown, "livelock")) return thrown.code;
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
    `${failedWith(failed, thrown)}\nThe same choices led to something else when it was run again: ${difference}. It depends on something that the simulation doesn't decide, such as a variable that outlives the run, or a function of time or chance that it had taken before the simulation began.`,
    { cause: thrown, details: { seed: failed.seed, steps: failed.trace.length } },
  );
}

/** The error of a run that fails since others went before it. */
function afterOthers(failed: RunOutcome, thrown: unknown, { seed, ...now }: HeldNoMore): TroupeError {
  const which = seed === failed.seed ? "An earlier schedule" : `Seed ${seed}`;
  return new TroupeError(
    "not-repeatable",
    `${failedWith(failed, thrown)}\n${which} held before, and fails now that others have run: ${encodeError(now.thrown).message}\nThe failure depends on what earlier runs have left: ${outlived(now.changed)}. Make it anew in each run.`,
    { cause: thrown, details: { seed: failed.seed, steps: failed.trace.length } },
  );
}
