/**
 * The machine of a supervised actor's whereabouts, with its supervisor and its lives around it (invariants 6 and 9): whatever
 * crosses, each request is answered, no two lives are there at once, and each place on a host is given back.
 */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostId } from "../../src/actors/address.ts";
import type { ChildKind, Decision } from "../../src/supervision/decision.ts";
import { type Death, move, type WhereaboutsEvent } from "../../src/supervision/whereabouts.ts";
import { ModelledActor } from "./modelled-actor.ts";
import { quickExpect } from "../quick-expect.ts";

class Do implements fc.Command<object, ModelledActor> {
  readonly name: string;
  readonly act: (actor: ModelledActor) => void;
  constructor(name: string, act: (actor: ModelledActor) => void) {
    this.name = name;
    this.act = act;
  }
  check = (): boolean => true;
  run(_model: object, actor: ModelledActor): void {
    this.act(actor);
  }
  toString = (): string => this.name;
}

const always = (name: string, act: (actor: ModelledActor) => void) => fc.constant(new Do(name, act));
/** The same on one of the last hosts. */
const onHost = (name: string, act: (actor: ModelledActor, at: ModelledActor["hosts"][number] | undefined) => void) =>
  fc.constantFrom(1, 1, 1, 2, 3).map((at) => new Do(`${name} -${at}`, (actor) => act(actor, actor.hosts.at(-at))));

const start = always("start", (actor) => actor.tell({ type: "start" }));
const links = [
  onHost("command", (actor, host) => actor.deliverCommand(host)),
  onHost("report", (actor, host) => actor.deliverReport(host)),
];
const spawning = [
  fc.nat(2).map((at) => new Do(`place ${at}`, (actor) => actor.place(at))),
  always("answer", (actor) => actor.answer()),
  always("hear answer", (actor) => actor.hearAnswer()),
];
const lives = [
  onHost("take", (_actor, host) => host?.life?.take()),
  fc
    .constantFrom("handled", "handled", "handler", "behaviour")
    .chain((how) => onHost(how, (_actor, host) => host?.life?.conclude(how))),
  onHost("complete", (_actor, host) => host?.life?.hear({ type: "ended", end: { type: "completed" } })),
];
const mishaps = [
  always("fail to spawn", (actor) => actor.failToSpawn()),
  onHost("die", (actor, host) => actor.die(host)),
  onHost("fail to restart", (_actor, host) => host?.life && (host.life.startFails = !host.life.startFails)),
  always("link", (actor) => actor.fails({ kind: "linked-actor-died", actor: "1/x" as never, reason: "failed" })),
];
const downs = [
  fc.boolean().map(
    (isAlone) =>
      new Do(`late ${isAlone}`, (actor) => {
        if (actor.asked === "stopped" && actor.mode === "drain") return; // has no deadline
        actor.isAlone = isAlone;
        actor.tell({ type: "late", child: "a" });
      }),
  ),
  fc
    .constantFrom<Decision>("resume", "restart", "stop", "escalate")
    .map((decision) => new Do(decision, (actor) => void (actor.decision = decision))),
  always("suspend", (actor) => actor.tell({ type: "suspend" })),
  fc.constantFrom("drain" as const, "discard" as const).map(
    (mode) =>
      new Do(`terminate ${mode}`, (actor) => {
        if (actor.asked !== "stopped") actor.mode = mode;
        actor.tell({ type: "terminate", child: "a" });
      }),
  ),
];
/** As the supervisor of its supervisor has it. */
function beginAnew(actor: ModelledActor): void {
  actor.tell({ type: "suspend" });
  actor.tell({ type: "start" });
}

/** What seldom comes together by chance. */
const together = [
  always("begin anew", beginAnew),
  fc.tuple(fc.boolean(), fc.boolean()).map(
    ([isAlone, isAnew]) =>
      new Do(`terminate in vain ${isAlone} ${isAnew}`, (actor) => {
        Object.assign(actor, { isAlone, mode: "discard" });
        actor.tell({ type: "terminate", child: "a" });
        actor.tell({ type: "late", child: "a" });
        if (isAnew) beginAnew(actor);
      }),
  ),
  always("complete at once", (actor) => {
    actor.place(0);
    const host = actor.spawn?.host;
    host?.life?.hear({ type: "ended", end: { type: "completed" } });
    actor.deliverReport(host);
  }),
];
const commands = [
  start,
  start,
  links,
  links,
  links,
  spawning,
  spawning,
  spawning,
  lives,
  mishaps,
  downs,
  downs,
  together,
  together,
].flat();

/** All that is on its way arrives, and what is in hand is handled. */
function settle(actor: ModelledActor): void {
  for (let round = 0; round < 50; round++) {
    actor.place(0);
    actor.answer();
    actor.hearAnswer();
    for (const host of actor.hosts) {
      if (host.isKilled) actor.die(host);
      while (host.commands.length > 0) actor.deliverCommand(host);
      host.life?.conclude("handled");
      while (host.reports.length > 0) actor.deliverReport(host);
    }
  }
}

function expectRest(actor: ModelledActor): void {
  const { child, whereabouts, spawn, asked } = actor;
  quickExpect({ spawn, asked }).toEqual({ spawn: undefined, asked: undefined });
  quickExpect(["idle", "up", "down", "gone"]).toContain(child.status);
  if (child.status === "up") {
    expect(whereabouts).toMatchObject({ at: "there", host: actor.lives[0]?.id });
    quickExpect(actor.lives.map(({ life }) => life?.life.at)).toEqual(["running"]);
  } else quickExpect(["gone", "nowhere", "there"]).toContain(whereabouts.at);
  if (child.status === "gone") quickExpect(whereabouts.at).toBe("gone");
}

const host = hostId(1);
const death: Death = { kind: "thread-died", thread: host, error: new Error("no") };
/** One event of each type. */
const everything: readonly WhereaboutsEvent[] = [
  ...(["start", "suspend", "resume", "ended", "close"] as const).map((type) => ({ type })),
  ...(["started", "suspended", "abandoned", "stopped"] as const).map((type) => ({ type, from: host })),
  { type: "stop", mode: "discard" },
  { type: "abandon", isFinal: true, isAlone: false },
  { type: "spawned", host },
  { type: "spawn-failed", host, failure: death },
  { type: "failed", from: host, failure: death },
  { type: "thread-lost", death },
];

const kinds = fc.constantFrom<ChildKind>("permanent", "permanent", "transient", "temporary");

describe("a supervised actor", () => {
  it("is where its supervisor wants it once all has arrived, alive once, and leaves nothing when it goes", () => {
    fc.assert(
      fc.property(kinds, fc.commands(commands, { maxCommands: 60, size: "max" }), (kind, all) => {
        const actor = new ModelledActor(kind);
        actor.tell({ type: "start" });
        fc.modelRun(() => ({ model: {}, real: actor }), all);
        actor.decision = "restart";
        for (const { life } of actor.hosts) if (life !== undefined) life.startFails = false;
        settle(actor);
        expectRest(actor);
        actor.tell({ type: "start" });
        settle(actor);
        expectRest(actor);
        expect(actor.supervisor.phase).toBe("running");
        actor.tell({ type: "stop" });
        settle(actor);
        expectRest(actor);
        expect(actor.child.status).toBe("gone");
        expect(actor.lives).toEqual([]);
        expect(actor.hosts.filter(({ isTaken }) => isTaken)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("does nothing more once the system is closed", () => {
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 30, size: "max" }), (all) => {
        const actor = new ModelledActor("permanent");
        actor.tell({ type: "start" });
        fc.modelRun(() => ({ model: {}, real: actor }), all);
        const [closed, effects] = move(actor.whereabouts, { type: "close" });
        quickExpect(effects).toEqual([]);
        for (const event of everything) quickExpect(move(closed, event)).toEqual([closed, []]);
      }),
    );
  });
});
