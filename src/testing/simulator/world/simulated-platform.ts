/** The ports of the simulator: every thread host of a process on this one thread, under one scheduler. */

import { homeHost, type HostId } from "../../../actors/address.ts";
import type { DefinitionLoader } from "../../../runtime/definitions/definition-loader.ts";
import type { HostThread, HostThreads } from "../../../runtime/threads/host-threads.ts";
import type { Platform } from "../../../runtime/system/platform.ts";
import type { SystemEvent } from "../../../runtime/telemetry/system-events.ts";
import { startWorkerHost } from "../../../runtime/host/worker-host.ts";
import { TroupeError } from "../../../errors/troupe-error.ts";
import type { ActorObserver } from "../../../ports/actor-observer.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Link } from "../../../ports/link.ts";
import type { ThreadExit } from "../../../ports/threads.ts";
import type { Turns } from "../../../ports/turns.ts";
import type { Arriving, Struck } from "../faults/arrivals.ts";
import type { LinkFaults } from "../faults/link-faults.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { Steps } from "../schedules/scheduler.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";

/** Sees each batch on its way between two hosts and may change it, or return `undefined` to lose it. For tests of tests. */
export type Tamper = (batch: unknown, from: number, to: number) => unknown;

export interface SimulatedPlatformOptions {
  /** Takes the steps of the process for as long as it lives. */
  readonly scheduler: Steps;
  readonly machine: MachineClock;
  readonly random: SeededRandom;
  readonly faults: LinkFaults;
  /** Picks the thread of an actor that may be on any, among so many that are the less loaded the earlier they come. */
  readonly place: (among: number) => number;
  readonly load: DefinitionLoader;
  /** Another one for each process of each run. */
  readonly tracing: string;
  readonly tamper?: Tamper;
  /** Asked as a batch arrives: whether a thread dies of it. */
  readonly strikeAt: (arriving: Arriving) => Struck | undefined;
  readonly observer?: ActorObserver | undefined;
  /** Hears of each event of the system. */
  readonly witness?: (event: SystemEvent) => void;
}

/** A simulated thread, as the simulator's faults see it. */
interface SimulatedThread {
  readonly id: HostId;
  readonly control: HostThread["control"];
  readonly connect: (peer: HostId, link: Link) => Promise<void>;
  die(reason: ThreadExit): void;
}

export interface SimulatedPlatform extends Platform {
  /** The numbers of the threads that live. */
  liveThreads(): readonly number[];
  /** Kills a thread, as a crash would. */
  kill(thread: number): void;
}

export function simulatedPlatform(options: SimulatedPlatformOptions): SimulatedPlatform {
  const { scheduler, machine, random, faults, load, tamper, strikeAt, witness, place, observer } = options;
  const system = {};
  const threads = new Map<number, SimulatedThread>();
  /** How the threads that are gone ended. */
  const ended = new Map<HostId, ThreadExit["kind"]>();
  const isAlive = (host: HostId): boolean => !ended.has(host);

  const kill = (id: number): void =>
    threads
      .get(id)
      ?.die({ kind: "died", error: new TroupeError("thread-died", `thread ${id} was killed by the simulator`) });

  const began = machine.ahead;
  const clockOf = (host: HostId): Clock => ({
    now: () => scheduler.now + began,
    jumped: () => machine.ahead - began,
    setTimer: (ms, fire) => ({
      cancel: scheduler.lane(`timer of ${host}`, String(host), () => isAlive(host)).add(Math.max(0, ms), fire),
    }),
  });

  const turnsOf = (host: HostId): Turns => ({
    schedule: (task, of: string | HostId = host) =>
      void scheduler.lane(`turn of ${of}`, String(host), () => isAlive(host)).add(0, task),
    atEndOfTurn: (task) => scheduler.atEndOfTurn(() => isAlive(host) && task()),
    atEndOfLoop: (task) => scheduler.atEndOfTurn(() => isAlive(host) && task()),
  });

  const direction = (from: HostId, to: HostId): Pick<Link, "send" | "receive" | "drain"> => {
    const lane = scheduler.lane(`link ${from}>${to}`, String(to), () => isAlive(from) && isAlive(to));
    const name = `a batch ${from}>${to}`;
    const early: unknown[] = [];
    let onBatch: ((batch: unknown) => void) | undefined;
    const deliver = (batch: unknown): void => {
      const struck = strikeAt({ batch, from, to });
      if (struck?.arrives === false) return kill(struck.thread);
      if (onBatch === undefined) early.push(batch);
      else onBatch(batch);
      if (struck !== undefined) scheduler.atEndOfTurn(() => kill(struck.thread));
    };
    return {
      send(original) {
        const batch = tamper === undefined ? original : tamper(original, from, to);
        if (batch === undefined) return;
        const copy = copyOf(batch);
        const delay = faults.delayBetween(from, to, scheduler.now);
        lane.add(delay, () => deliver(copy));
        if (faults.isTwice(name)) lane.add(delay, () => deliver(copyOf(batch)));
      },
      receive(receiver) {
        onBatch = receiver;
        for (const batch of early.splice(0)) receiver(batch);
      },
      drain() {
        // what a thread that died had on its way is lost with it; a thread that closed has sent all
        if (ended.get(from) !== "died") lane.drain();
      },
    };
  };

  const linkPair = (a: HostId, b: HostId): [Link, Link] => {
    const there = direction(a, b);
    const back = direction(b, a);
    return [
      { send: there.send, receive: back.receive, drain: back.drain, close: () => undefined },
      { send: back.send, receive: there.receive, drain: there.drain, close: () => undefined },
    ];
  };

  const hostThreads: HostThreads = {
    async open(settings) {
      const { id } = settings;
      const [mine, theirs] = linkPair(homeHost, id);
      const { control, closed } = startWorkerHost({
        settings,
        system,
        clock: clockOf(id),
        random,
        turns: turnsOf(id),
        link: theirs,
        load,
        observer,
      });
      const { connect, ...calls } = control;
      let die: (reason: ThreadExit) => void = () => undefined;
      const exit = new Promise<ThreadExit>((resolve) => {
        die = (reason) => {
          ended.set(id, reason.kind);
          mine.drain();
          threads.delete(id);
          resolve(reason);
        };
      });
      void closed.then(() => die({ kind: "closed" }));
      const orders = scheduler.lane(`control of ${id}`, String(id), () => isAlive(id));
      const remote = overScheduler(calls, exit, (step) => void orders.add(0, step));
      threads.set(id, { id, control: remote, connect, die });
      const thread: HostThread = {
        control: remote,
        link: mine,
        exit,
        kill: async (reason = new TroupeError("thread-died", `thread ${id} was killed`)) =>
          die({ kind: "died", error: reason }),
      };
      return Promise.resolve(thread);
    },
    async connect(a, b) {
      const one = [...threads.values()].find(({ control }) => control === a.control);
      const other = [...threads.values()].find(({ control }) => control === b.control);
      if (one === undefined || other === undefined)
        throw new TroupeError("no-such-thread", "a thread died before it was connected");
      const [mine, theirs] = linkPair(one.id, other.id);
      await Promise.all([one.connect(other.id, mine), other.connect(one.id, theirs)]);
    },
    close: () => Promise.resolve(),
    place,
  };

  return {
    system,
    clock: { ...clockOf(homeHost), watch: (onJump) => machine.watch((by) => scheduler.atEndOfTurn(() => onJump(by))) },
    random,
    turns: turnsOf(homeHost),
    threads: hostThreads,
    load,
    // a timer would change the schedule: spans go along with the batches that there are
    tracing: { seed: options.tracing, sendWithin: Number.POSITIVE_INFINITY },
    ...(witness && { witness }),
    observer,
    messagesPerTurn: 1, // one message a step, so that every order of messages can happen
    liveThreads: () => [...threads.keys()],
    kill,
  };
}

/** What arrives of a batch. Text can't be changed, and most batches are text. */
function copyOf(batch: unknown): unknown {
  return typeof batch === "string" ? batch : structuredClone(batch);
}

/** Control calls as a thread's control channel makes them: each a step, each ended by the thread's death. */
function overScheduler(
  control: HostThread["control"],
  exit: Promise<ThreadExit>,
  step: (run: () => void) => void,
): HostThread["control"] {
  const ended = exit.then((reason): never => {
    throw reason.kind === "died" ? reason.error : new TroupeError("thread-died", "the thread was closed");
  });
  ended.catch(() => undefined); // if no call is pending, nothing waits for this promise
  const call = <T>(run: () => Promise<T>): Promise<T> =>
    Promise.race([new Promise<T>((resolve, reject) => step(() => void run().then(resolve, reject))), ended]);
  return {
    spawn: (order) => call(() => control.spawn(order)),
    disconnect: (peer, error) => call(() => control.disconnect(peer, error)),
    stats: () => call(() => control.stats()),
    measure: () => call(() => control.measure()),
    vitals: () => call(() => control.vitals()),
    peek: (actor) => call(() => control.peek(actor)),
    stopActors: () => call(() => control.stopActors()),
    close: () => call(() => control.close()),
  };
}
