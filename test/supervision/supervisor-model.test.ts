/**
 * A supervisor's machine against its model: a table of what a child may do next, and rules for who is restarted, in which
 * order, and how often. The commands are what a shell reports, at any moment and in any order, as threads and timers have it.
 */

import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { ChildKind, Decision } from "../../src/supervision/decision.ts";
import type { Failure } from "../../src/supervision/failure.ts";
import type { Strategy, SupervisionPlan, SupervisorEvent } from "../../src/supervision/supervisor-state.ts";
import { ModelledSupervisor } from "./modelled-supervisor.ts";
import { quickExpect } from "../quick-expect.ts";

const names = ["a", "b", "c", "d"];
const error = new Error("no");
const failures: Readonly<Record<string, Failure>> = {
  handler: { kind: "handler-failed", message: "m", error, deliveries: 1, isAsk: false },
  behaviour: { kind: "behaviour-failed", error },
  thread: { kind: "thread-died", thread: 1, error },
  link: { kind: "linked-actor-died", actor: "1/x" as never, reason: "failed" },
  completed: { kind: "completed" },
  escalated: { kind: "escalated", child: "z", failure: { kind: "behaviour-failed", error } },
};

class Hear implements fc.Command<object, ModelledSupervisor> {
  readonly event: (shell: ModelledSupervisor) => SupervisorEvent | undefined;
  readonly name: string;
  constructor(name: string, event: (shell: ModelledSupervisor) => SupervisorEvent | undefined) {
    this.name = name;
    this.event = event;
  }
  check = (): boolean => true;
  run(_model: object, shell: ModelledSupervisor): void {
    const event = this.event(shell);
    if (event !== undefined) shell.hear(event);
  }
  toString = (): string => this.name;
}

const child = fc.constantFrom(...names);
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const decision = fc.constantFrom<Decision>("resume", "restart", "restart", "restart", "stop", "escalate");

/** What an answer to a request may be. */
function answer(
  shell: ModelledSupervisor,
  name: string,
  isLost: boolean,
  wanted: Decision,
  random: number,
): SupervisorEvent | undefined {
  const asked = shell.asked.get(name);
  if (asked === undefined) return undefined;
  shell.asked.delete(name);
  const { now } = shell;
  if (!isLost) {
    const type = ({ start: "started", suspend: "suspended", stop: "stopped" } as const)[asked];
    return type === "started" ? { type, child: name, now } : { type, child: name };
  }
  const failure: Failure = asked === "start" ? { kind: "start-failed", error } : failures["thread"]!;
  return { type: "failed", child: name, failure, decision: wanted, now, chance: random };
}

/** A failure that comes by itself. */
function failing(
  shell: ModelledSupervisor,
  of: { child: string; decision: Decision; chance: number; how: string },
): SupervisorEvent | undefined {
  if (of.how === "thread") shell.asked.delete(of.child); // what it was asked for it won't do any more
  else if (shell.asked.get(of.child) === "start" && of.how !== "link") return undefined; // it runs only once it has started
  const { child: name, decision: wanted, chance: random, how } = of;
  return { type: "failed", child: name, failure: failures[how]!, decision: wanted, now: shell.now, chance: random };
}

const commands = [
  fc.constant(new Hear("start", () => ({ type: "start" }))),
  fc
    .record({ child, isLost: fc.boolean(), decision, chance })
    .map(
      (of) =>
        new Hear(`answer ${JSON.stringify(of)}`, (shell) => answer(shell, of.child, of.isLost, of.decision, of.chance)),
    ),
  fc
    .record({ child, decision, chance })
    .map((of) => new Hear(`answer ${of.child}`, (shell) => answer(shell, of.child, false, of.decision, of.chance))),
  fc
    .record({ child, decision, chance, how: fc.constantFrom(...Object.keys(failures)) })
    .map((of) => new Hear(`fail ${JSON.stringify(of)}`, (shell) => failing(shell, of))),
  child.map((name) => new Hear(`late ${name}`, () => ({ type: "late", child: name }))),
  child.map((name) => new Hear(`restart ${name}`, () => ({ type: "restart", child: name }))),
  child.map((name) => new Hear(`terminate ${name}`, () => ({ type: "terminate", child: name }))),
  fc.nat(3).map(
    (at) =>
      new Hear(`rest ${at}`, (shell) => {
        const wave = [...shell.resting][at];
        if (wave !== undefined) shell.resting.delete(wave);
        return wave === undefined ? undefined : { type: "rested", wave };
      }),
  ),
  fc.integer({ min: 1, max: 400 }).map((ms) => new Hear(`wait ${ms}`, (shell) => void (shell.now += ms))),
  fc.constantFrom("suspend" as const, "stop" as const).map((type) => new Hear(type, () => ({ type }))),
];

const plans: fc.Arbitrary<SupervisionPlan> = fc.record({
  strategy: fc.constantFrom<Strategy>("one-for-one", "one-for-all", "rest-for-one"),
  intensity: fc.record({ restarts: fc.nat(4), within: fc.constantFrom(100, 1_000) }),
  backoff: fc.constantFrom(
    { first: 0, factor: 1, max: 0, jitter: 0 },
    { first: 10, factor: 2, max: 50, jitter: 0.5 },
    { first: 1, factor: 3, max: 1_000, jitter: 1 },
  ),
  children: fc
    .array(fc.constantFrom<ChildKind>("permanent", "permanent", "transient", "temporary"), {
      minLength: 1,
      maxLength: 4,
    })
    .map((kinds) => kinds.map((kind, i) => ({ name: names[i]!, kind }))),
});

/** Answers everything well until nothing is left to do. */
function settle(shell: ModelledSupervisor): void {
  for (let round = 0; round < 200; round++) {
    const [asked] = shell.asked.keys();
    const [wave] = shell.resting;
    if (asked !== undefined) shell.hear(answer(shell, asked, false, "restart", 0)!);
    else if (wave !== undefined) {
      shell.resting.delete(wave);
      shell.hear({ type: "rested", wave });
    } else return;
  }
  throw new Error("it never comes to rest");
}

describe("a supervisor", () => {
  it("makes no transition that its model doesn't have, and comes to rest", () => {
    fc.assert(
      fc.property(plans, fc.commands(commands, { maxCommands: 60, size: "+1" }), (plan, sequence) => {
        const shell = new ModelledSupervisor(plan);
        fc.modelRun(() => ({ model: {}, real: shell }), sequence);
        settle(shell);
        const { phase, children, waves } = shell.state;
        quickExpect(waves).toEqual([]);
        quickExpect(["idle", "running", "suspended", "stopped"]).toContain(phase);
        const rest = {
          idle: ["idle", "gone"],
          running: ["up", "gone"],
          suspended: ["down", "idle", "gone"],
          stopped: ["gone"],
        };
        for (const { status } of children) quickExpect(rest[phase as keyof typeof rest]).toContain(status);
        shell.hear({ type: "stop" });
        settle(shell);
        quickExpect(shell.state.phase).toBe("stopped");
        quickExpect(shell.said.filter((type) => type === "all-stopped")).toHaveLength(1);
      }),
      { numRuns: 3_000 },
    );
  });

  it("never restarts more often within the period than its intensity says", () => {
    fc.assert(
      fc.property(plans, fc.array(fc.tuple(child, chance, fc.nat(300)), { maxLength: 40 }), (plan, sequence) => {
        const shell = new ModelledSupervisor(plan);
        shell.hear({ type: "start" });
        settle(shell);
        for (const [name, random, ms] of sequence) {
          shell.now += ms;
          const { now } = shell;
          const failed = {
            type: "failed",
            child: name,
            failure: failures["thread"]!,
            decision: "restart",
            now,
          } as const;
          shell.hear({ ...failed, chance: random });
          settle(shell);
          const { restarts, within } = plan.intensity;
          quickExpect(shell.restarts.filter((time) => now - time < within).length).toBeLessThanOrEqual(restarts);
        }
      }),
      { numRuns: 500 },
    );
  });
});
