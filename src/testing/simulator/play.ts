/** Plays a program under a scheduler, and says what went wrong, if anything did. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { InvariantsOfRun } from "./invariants.ts";
import type { Scheduler, TraceStep } from "./schedules/scheduler.ts";

export interface Program {
  readonly run: () => Promise<void>;
  /** Rejects when something fails that the program doesn't hear of. */
  readonly failed?: Promise<never>;
  readonly invariants: InvariantsOfRun;
  /** What ends it at once, whatever it is doing. */
  readonly interruption?: () => Error | undefined;
  /** The error of a program that waits while nothing is left to run. */
  readonly deadlock: (steps: number) => TroupeError;
}

export interface Ended {
  readonly failure: { readonly thrown: unknown } | undefined;
  /** Whether it came to an end by itself, and not to a standstill. */
  readonly hasEnded: boolean;
}

/** How many virtual milliseconds are waited, at most, for nothing to be left to run; then `eventually` is checked all the same. */
const longestRest = 60_000;

/** Runs it until it has ended, and where something is to hold at last, until nothing is left to run. */
export async function play(scheduler: Scheduler, program: Program): Promise<Ended> {
  const { invariants, interruption } = program;
  const ended = await untilEnd(scheduler, program);
  if (ended.failure !== undefined || !invariants.hasEventually) return ended;
  const end = scheduler.now + longestRest;
  await scheduler.run(() => (interruption?.() ?? invariants.broken) !== undefined || scheduler.now > end);
  return untilEnd(scheduler, { ...program, run: () => invariants.atRest() });
}

/** Runs it until it has ended, or can't. */
export async function untilEnd(
  scheduler: Scheduler,
  { run, failed, invariants, interruption = () => undefined, deadlock }: Program,
): Promise<Ended> {
  let outcome: Pick<Ended, "failure"> | undefined;
  const running = (failed === undefined ? run() : Promise.race([run(), failed])).then(
    () => (outcome = { failure: undefined }),
    (thrown: unknown) => (outcome = { failure: { thrown } }),
  );
  const broken = (): Error | undefined => interruption() ?? invariants.broken;
  const end = await scheduler.run(() => outcome !== undefined || broken() !== undefined);
  invariants.look(scheduler.trace.length);
  const thrown = broken();
  if (thrown !== undefined) return { failure: { thrown }, hasEnded: interruption() === undefined };
  if (end === "done") return { ...(await running), hasEnded: true };
  const steps = scheduler.trace.length;
  return { failure: { thrown: end === "deadlock" ? deadlock(steps) : livelock(scheduler.trace) }, hasEnded: false };
}

/** The error of a livelock says of so many of the last steps what they were. */
const lastSteps = 1_000;

function livelock(trace: readonly TraceStep[]): TroupeError {
  const counts = new Map<string, number>();
  const last = trace.slice(-lastSteps);
  for (const { lane } of last) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  const busy = [...counts].sort(([, one], [, other]) => other - one).slice(0, 3);
  const shares = busy.map(([lane, count]) => `${lane} (${Math.round((100 * count) / last.length)} %)`).join(", ");
  return new TroupeError(
    "livelock",
    `the scenario has not ended after ${trace.length} steps: something keeps itself busy. The last ${last.length} steps are of ${shares}. Raise maxSteps if it has to be so long.`,
  );
}
