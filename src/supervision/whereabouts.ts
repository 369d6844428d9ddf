/**
 * One supervised actor over all of its lives, as a pure state machine: where it is, and how it gets there and away.
 * `runtime/supervision` carries out its effects.
 *
 * Its supervisor (`supervisor-machine.ts`) asks, its hosts tell what became of it, and each life on a host is a machine of its
 * own (`actors/life.ts`). What a host tells counts only while the actor is on that host: a life that was left behind has no say.
 */

import type { HostId } from "../actors/address.ts";
import type { StopMode } from "../actors/stop-mode.ts";
import type { Failure } from "./failure.ts";

/** That the host of a life died. */
export type Death = Extract<Failure, { readonly kind: "thread-died" }>;

interface Lost {
  /** How its last life ended, if its host died: then answers that had not left are lost. The next life is told of it. */
  readonly lastDeath: Death | undefined;
}

/** What becomes of an actor that is being spawned, once it is there. */
type OnceThere =
  | { readonly type: "run" }
  | { readonly type: "suspend" }
  | { readonly type: "vanish" }
  | { readonly type: "stop"; readonly mode: StopMode };

/** What its supervisor waits for while a life ends; `start`: that the next one begins. */
type Awaited = "suspended" | "stopped" | "start" | "nothing";

/** What a life on a host came to. */
interface HostFailure {
  readonly from: number;
  readonly failure: Failure;
}

/**
 * - `gone`: not started yet, or gone for good.
 * - `nowhere`: has no host; its mailbox is kept.
 * - `spawning`: a host is looked for, or is starting it. `early`: what came of it before that host said that it is there.
 * - `there`: lives on a host.
 * - `leaving`: its life there ends: it was told to stop, is left behind, or its host is killed. There is no way back.
 * - `closed`: the system is. `host`: where it was.
 *
 * While it is `gone`, or is to vanish, or leaves with nothing awaited, it is gone for others.
 */
export type Whereabouts =
  | (Lost & { readonly at: "gone" | "nowhere" })
  | (Lost & { readonly at: "spawning"; readonly next: OnceThere; readonly early: readonly HostFailure[] })
  | { readonly at: "there"; readonly host: HostId }
  | { readonly at: "leaving"; readonly host: HostId; readonly awaited: Awaited }
  | { readonly at: "closed"; readonly host: HostId | undefined };

/** What is heard of it. Events that a state has no use for change nothing. */
export type WhereaboutsEvent =
  /** Its supervisor: start it, or begin anew. Answered by `started` or `failed`. */
  | { readonly type: "start" }
  /** Its supervisor: take it down. Answered by `suspended`, or by `failed` when it is lost. */
  | { readonly type: "suspend" }
  /** Its supervisor: end it. Answered by `stopped`, or by `failed` when it is lost. */
  | { readonly type: "stop"; readonly mode: StopMode }
  | { readonly type: "resume" }
  /** Its supervisor: it did not go down in time. `isAlone`: no other actor is on its host, which can be killed. */
  | { readonly type: "abandon"; readonly isFinal: boolean; readonly isAlone: boolean }
  /** Its supervisor: it is gone for good. */
  | { readonly type: "ended" }
  /** A host has started it. */
  | { readonly type: "spawned"; readonly host: HostId }
  /** It could not be started. `host`: the one that it was placed on, if any was found. */
  | { readonly type: "spawn-failed"; readonly host: HostId | undefined; readonly failure: Failure }
  /** What its host tells. */
  | { readonly type: "started" | "suspended" | "abandoned" | "stopped"; readonly from: number }
  | (HostFailure & { readonly type: "failed" })
  /** A host died. */
  | { readonly type: "thread-lost"; readonly death: Death }
  | { readonly type: "close" };

/** What is to be done, in this order. */
export type WhereaboutsEffect =
  /** Find a host, and start it there. Answered by `spawned` or `spawn-failed`. */
  | { readonly type: "spawn"; readonly lastDeath: Death | undefined }
  /** Its host is told. */
  | { readonly type: "command"; readonly host: HostId; readonly command: LifeCommand }
  /** Its host lets go of it. No other life of it starts there while that host lives. */
  | { readonly type: "leave-behind"; readonly host: HostId; readonly isFinal: boolean }
  /** Answered by `thread-lost`. */
  | { readonly type: "kill"; readonly host: HostId }
  /** It takes no place on that host any more. */
  | { readonly type: "release"; readonly host: HostId }
  /** All hosts hear where it is. `isLost`: answers of its last life that have not arrived never will. */
  | { readonly type: "locate"; readonly host: HostId; readonly isLost: boolean }
  /** All hosts, and who watches it, hear that it is gone for good. */
  | { readonly type: "depart"; readonly isLost: boolean }
  /** Who is linked with it hears that it goes down. */
  | { readonly type: "fall" }
  /** It runs, which its supervisor hears. */
  | { readonly type: "run"; readonly host: HostId }
  /** Its supervisor hears. */
  | { readonly type: "tell"; readonly report: "suspended" | "stopped" }
  | { readonly type: "fail"; readonly failure: Failure };

/** What the life on a host is told. */
export type LifeCommand =
  | { readonly type: "resume" | "restart" | "suspend" }
  | { readonly type: "stop"; readonly mode: StopMode };

type Step = readonly [Whereabouts, readonly WhereaboutsEffect[]];
type In<At extends Whereabouts["at"]> = Extract<Whereabouts, { readonly at: At }>;
type Somewhere = In<"there" | "leaving">;
type Open = Exclude<Whereabouts, In<"closed">>;
type Of<Type extends WhereaboutsEvent["type"]> = Extract<WhereaboutsEvent, { readonly type: Type }>;
type Report = Extract<WhereaboutsEvent, { readonly from: number }>;

/** An actor that has not been started. */
export const notStarted: Whereabouts = Object.freeze({ at: "gone", lastDeath: undefined });

/** True from when it is gone for good until it is started again. */
export function isGone(whereabouts: Whereabouts): boolean {
  return (
    whereabouts.at === "gone" ||
    (whereabouts.at === "spawning" && whereabouts.next.type === "vanish") ||
    (whereabouts.at === "leaving" && whereabouts.awaited === "nothing")
  );
}

/** The host that it is on; `undefined` while there is none. */
export function hostIn(whereabouts: Whereabouts): HostId | undefined {
  return "host" in whereabouts ? whereabouts.host : undefined;
}

/** Where it is after `event`, and what is to be done. */
export function move(whereabouts: Whereabouts, event: WhereaboutsEvent): Step {
  if (whereabouts.at === "closed") return [whereabouts, []];
  switch (event.type) {
    case "start":
      return start(whereabouts);
    case "suspend":
      return suspend(whereabouts);
    case "stop":
      return stop(whereabouts, event);
    case "resume":
      return whereabouts.at === "there" ? [whereabouts, [commanded(whereabouts, event)]] : [whereabouts, []];
    case "abandon":
      return abandon(whereabouts, event);
    case "ended":
      return ended(whereabouts);
    case "spawned":
      return whereabouts.at === "spawning" ? spawned(whereabouts, event.host) : [whereabouts, []];
    case "spawn-failed":
      return whereabouts.at === "spawning" ? spawnFailed(whereabouts, event) : [whereabouts, []];
    case "thread-lost":
      return threadLost(whereabouts, event.death);
    case "close":
      return [{ at: "closed", host: hostIn(whereabouts) }, []];
    default:
      return heard(whereabouts, event);
  }
}

function start(whereabouts: Open): Step {
  switch (whereabouts.at) {
    case "gone":
    case "nowhere":
      return spawn(whereabouts.lastDeath);
    case "spawning":
      return [{ ...whereabouts, next: { type: "run" } }, []];
    case "there":
      return [whereabouts, [commanded(whereabouts, { type: "restart" })]];
    case "leaving":
      return [{ ...whereabouts, awaited: "start" }, []];
  }
}

function suspend(whereabouts: Open): Step {
  const fall = { type: "fall" } as const;
  if (isGone(whereabouts)) return [whereabouts, [fall, told("suspended")]];
  switch (whereabouts.at) {
    case "gone":
    case "nowhere":
      return [whereabouts, [fall, told("suspended")]];
    case "spawning":
      return [{ ...whereabouts, next: { type: "suspend" } }, [fall]];
    case "there":
      return [whereabouts, [fall, commanded(whereabouts, { type: "suspend" })]];
    case "leaving":
      return [{ ...whereabouts, awaited: "suspended" }, [fall]];
  }
}

function stop(whereabouts: Open, command: Of<"stop">): Step {
  if (isGone(whereabouts)) return [whereabouts, [told("stopped")]];
  switch (whereabouts.at) {
    case "gone":
    case "nowhere":
      return [whereabouts, [told("stopped")]];
    case "spawning":
      return [{ ...whereabouts, next: command }, []];
    case "there":
      return [leaving(whereabouts, "stopped"), [commanded(whereabouts, command)]];
    case "leaving":
      return [leaving(whereabouts, "stopped"), []]; // a second command might find the next life there
  }
}

/** While it is being spawned, what it was told is still to come. */
function abandon(whereabouts: Open, { isFinal, isAlone }: Of<"abandon">): Step {
  if (!isSomewhere(whereabouts)) return [whereabouts, []];
  const { host } = whereabouts;
  if (isAlone) {
    const awaited = whereabouts.at === "leaving" ? whereabouts.awaited : isFinal ? "stopped" : "suspended";
    return [leaving(whereabouts, awaited), [{ type: "kill", host }]];
  }
  const behind = { type: "leave-behind", host, isFinal } as const;
  if (!isFinal) return [leaving(whereabouts, "suspended"), [behind]];
  return [{ at: "nowhere", lastDeath: undefined }, [behind, { type: "release", host }]];
}

function ended(whereabouts: Open): Step {
  if (isGone(whereabouts)) return [whereabouts, []];
  switch (whereabouts.at) {
    case "gone":
    case "nowhere":
      return [{ ...whereabouts, at: "gone" }, [departed(whereabouts)]];
    case "spawning":
      return [{ ...whereabouts, next: { type: "vanish" } }, [departed(whereabouts)]];
    case "there":
      return [leaving(whereabouts, "nothing"), [departed(), commanded(whereabouts, discarded)]];
    case "leaving":
      return [leaving(whereabouts, "nothing"), [departed()]];
  }
}

function spawned(spawning: In<"spawning">, host: HostId): Step {
  const { next, lastDeath } = spawning;
  const early = spawning.early.filter(({ from }) => from === host).map(({ failure }) => failure);
  const death = early.find((failure) => failure.kind === "thread-died");
  if (death !== undefined) return [{ at: isGone(spawning) ? "gone" : "nowhere", lastDeath: death }, [failed(death)]];
  const there = { at: "there", host } as const;
  const arrived = [
    { type: "locate", host, isLost: lastDeath !== undefined },
    { type: "run", host },
  ] as const;
  switch (next.type) {
    case "run":
      return [there, [...arrived, ...early.map(failed)]];
    case "suspend":
      return [there, [...arrived, { type: "fall" }, commanded(there, next)]];
    case "stop":
      return [leaving(there, "stopped"), [...arrived, commanded(there, next)]];
    case "vanish":
      return [leaving(there, "nothing"), [commanded(there, discarded)]];
  }
}

function spawnFailed(spawning: In<"spawning">, { host, failure }: Of<"spawn-failed">): Step {
  const at = isGone(spawning) ? "gone" : "nowhere";
  const release = host === undefined ? [] : [{ type: "release", host } as const];
  return [{ at, lastDeath: spawning.lastDeath }, [...release, failed(failure)]];
}

function threadLost(whereabouts: Open, death: Death): Step {
  if (whereabouts.at === "spawning") return kept(whereabouts, { from: death.thread, failure: death });
  if (!isSomewhere(whereabouts) || whereabouts.host !== death.thread) return [whereabouts, []];
  // what was awaited is over, by its host's end as by any other
  if (whereabouts.at === "leaving" && whereabouts.awaited === "start") return spawn(death);
  return [{ at: isGone(whereabouts) ? "gone" : "nowhere", lastDeath: death }, [failed(death)]];
}

function heard(whereabouts: Open, event: Report): Step {
  if (whereabouts.at === "spawning" && event.type === "failed") return kept(whereabouts, event);
  if (!isSomewhere(whereabouts) || whereabouts.host !== event.from) return [whereabouts, []];
  const { host } = whereabouts;
  const awaited = whereabouts.at === "leaving" ? whereabouts.awaited : undefined;
  switch (event.type) {
    case "failed":
      return [whereabouts, awaited === "start" ? [] : [failed(event.failure)]];
    case "started":
      return [whereabouts, awaited === "start" || awaited === "nothing" ? [] : [{ type: "run", host }]];
    case "suspended":
      return [whereabouts, awaited === undefined ? [told("suspended")] : []]; // the answer is that it has left
    case "stopped":
      return left(host, awaited ?? "stopped");
    case "abandoned":
      return left(host, awaited ?? "suspended");
  }
}

/** It may be on that host: that becomes known once it is spawned. */
function kept(spawning: In<"spawning">, { from, failure }: HostFailure): Step {
  return [{ ...spawning, early: [...spawning.early, { from, failure }] }, []];
}

/** Its life on a host is over. */
function left(host: HostId, awaited: Awaited): Step {
  const release = { type: "release", host } as const;
  switch (awaited) {
    case "suspended":
    case "stopped":
      return [{ at: "nowhere", lastDeath: undefined }, [release, told(awaited)]];
    case "start": {
      const [spawning, more] = spawn(undefined);
      return [spawning, [release, ...more]];
    }
    case "nothing":
      return [{ at: "gone", lastDeath: undefined }, [release]];
  }
}

function spawn(lastDeath: Death | undefined): Step {
  return [{ at: "spawning", next: { type: "run" }, early: [], lastDeath }, [{ type: "spawn", lastDeath }]];
}

function leaving({ host }: Somewhere, awaited: Awaited): Whereabouts {
  return { at: "leaving", host, awaited };
}

function isSomewhere(whereabouts: Open): whereabouts is Somewhere {
  return whereabouts.at === "there" || whereabouts.at === "leaving";
}

const discarded = { type: "stop", mode: "discard" } as const;

function commanded({ host }: Somewhere, command: LifeCommand): WhereaboutsEffect {
  return { type: "command", host, command };
}

function departed(lost?: Lost): WhereaboutsEffect {
  return { type: "depart", isLost: lost?.lastDeath !== undefined };
}

function told(report: "suspended" | "stopped"): WhereaboutsEffect {
  return { type: "tell", report };
}

function failed(failure: Failure): WhereaboutsEffect {
  return { type: "fail", failure };
}
