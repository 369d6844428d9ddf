/** One run of a scenario on real threads. */

import { deferred } from "../../async/deferred.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { holdPoints } from "../../runtime/threads/held-points.ts";
import { ActorSystem } from "../../runtime/system/actor-system.ts";
import { nodePlatform } from "../../runtime/system/node-platform.ts";
import { openedJournal, settleOptions, type SystemOptions } from "../../runtime/system/system-options.ts";
import { type ActorFailure, asError, unheardFailure } from "../simulator/actor-failure.ts";
import { InvariantsOfRun } from "../simulator/invariants.ts";
import { randomOf } from "../simulator/schedules/seeded-random.ts";
import type { Scenario } from "../simulator/simulate-options.ts";
import { comesTo } from "./gates.ts";
import { type Hold, HeldThreads } from "./held-threads.ts";
import { RealWorld } from "./real-world.ts";

export interface RealRun {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly clock: Clock;
  readonly hold: Hold;
  readonly place: (among: number) => number;
  readonly system: SystemOptions;
  readonly expects: (failure: ActorFailure) => boolean;
  /** Milliseconds that the scenario has. */
  readonly timeout: number;
}

export interface RealOutcome {
  readonly failure: { readonly thrown: unknown } | undefined;
  /** How many batches have passed links. */
  readonly batches: number;
  readonly met: ReadonlyMap<string, boolean>;
}

/** The system rests if no batch has passed for so many milliseconds. */
const rest = 50;

/** @throws TroupeError (as a rejection) `invalid-options`, and as `createSystem` does. */
export async function playOnThreads(run: RealRun): Promise<RealOutcome> {
  const { scenario, seed, clock, hold, place, expects, timeout } = run;
  const invariants = new InvariantsOfRun();
  const failed = deferred<never>();
  failed.promise.catch(() => undefined); // it is raced below; a failure after the race is heard by nothing
  let batches = 0;
  const looking: Hold = {
    came: (link, pass) =>
      hold.came(link, () => {
        batches++;
        pass();
        invariants.look(batches);
        if (invariants.broken !== undefined) failed.reject(invariants.broken);
      }),
    open: () => hold.open(),
  };
  const given: SystemOptions = { threads: 2, logger: false, ...run.system };
  const options = await settleOptions(given);
  const platform = nodePlatform(options);
  const letPointsGo = holdPoints((lane, pass) => {
    hold.came(comesTo(lane), () => undefined); // what is before it has run
    hold.came(lane, pass);
  });
  const threads = new HeldThreads(platform.threads, looking, place);
  const system = await ActorSystem.start(
    {
      ...platform,
      threads,
      witness(event) {
        const failure = unheardFailure(event);
        if (failure !== undefined && !expects(failure)) failed.reject(asError(failure));
      },
    },
    { ...options, journal: await openedJournal(given, new AbortController().signal) },
  );
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
  const play = async (): Promise<void> => {
    await scenario(new RealWorld({ system, threads, clock, random: randomOf(seed, "scenario"), seed, invariants }));
    hold.open();
    if (!invariants.hasEventually) return;
    for (let before = -1; before < batches;) {
      before = batches;
      await sleep(rest);
    }
    await invariants.atRest();
  };
  const late = clock.setTimer(timeout, () => failed.reject(tooLate(timeout)));
  try {
    await Promise.race([play(), failed.promise]);
    return { failure: undefined, batches, met: invariants.met };
  } catch (thrown) {
    return { failure: { thrown }, batches, met: invariants.met };
  } finally {
    late.cancel();
    hold.open();
    await system.close();
    letPointsGo();
  }
}

function tooLate(timeout: number): TroupeError {
  return new TroupeError("timed-out", `the scenario didn't end within ${timeout} ms on real threads`);
}
