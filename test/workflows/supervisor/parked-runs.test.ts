/** Runs that only wait: what is kept of them, and what they are told of once they go on. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { MaybePromise } from "../../../src/async/maybe-promise.ts";
import type { NumberedMessage } from "../../../src/workflows/coordination/coordination-protocol.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import type { Subject } from "../../../src/store/client/change.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { quiet } from "../support/example-workflow.ts";

const packer = defineAgent("test:parked", {
  name: "packer",
  version: "1.0.0",
  input: v.object({ order: v.number() }),
  output: v.null(),
  execute: () => null,
});

const day = 86_400_000;
const approval = defineWorkflow("test:parked", {
  name: "approval",
  version: "1.0.0",
  input: v.object({ order: v.number(), note: v.string() }),
})
  .waitFor("approval", { answer: v.object({ approved: v.boolean() }), timeout: day }, ({ input }) => ({
    title: `Send order ${input.order}?`,
  }))
  .waitFor("address", { answer: v.string(), timeout: 2 * day }, () => "Where to?")
  .step("pack", packer, { after: ["approval", "address"] }, ({ input }) => ({ order: input.order }));

/** Counts the timers that are set. */
class CountingClock implements Clock {
  timers = 0;
  now = (): number => 0;
  jumped = (): number => 0;

  setTimer(): { cancel: () => void } {
    this.timers++;
    return { cancel: () => void this.timers-- };
  }
}

/** Keeps runs as text, as a disk would: what is read is a copy, and nothing is shared with what was written. */
class WrittenRuns {
  readonly #texts = new Map<string, string>();
  reads = 0;
  failure: Error | undefined;

  readonly commit = <S>(subject: Subject<S>, next: (newest: S) => S): MaybePromise<Snapshot<S>> => {
    const newest = this.#read(subject);
    const state = next(newest === undefined ? (subject.definition.initial?.(subject.id) as S) : newest.state);
    const version = (newest?.version ?? 0) + 1;
    const snapshot = {
      key: subject.key,
      version,
      parent: version - 1,
      state,
      author: "system",
      time: 0,
      position: 0,
      schema: 1,
    };
    this.#texts.set(subject.key, JSON.stringify(snapshot));
    return snapshot;
  };

  readonly newest = <S>(subject: Subject<S>): Snapshot<S> | undefined => {
    this.reads++;
    if (this.failure !== undefined) throw this.failure;
    return this.#read(subject);
  };

  #read<S>({ key }: Subject<S>): Snapshot<S> | undefined {
    const text = this.#texts.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as Snapshot<S>);
  }
}

class Desk {
  readonly clock = new CountingClock();
  readonly store = new WrittenRuns();
  readonly sent: string[] = [];
  readonly broken: unknown[] = [];
  supervisor: RunSupervisor | undefined = new RunSupervisor({
    ...quiet,
    clock: this.clock,
    commit: this.store.commit,
    newest: this.store.newest,
    send: ({ name }, { message }: NumberedMessage) => void this.sent.push(this.#text(name, message)),
    onVersion: () => undefined,
    onBroken: (run, error) => this.broken.push([run, error]),
  });

  #text(agent: string, message: NumberedMessage["message"]): string {
    const events = message.type === "relay" ? message.events.map(({ type }) => type).join(", ") : "";
    return `${message.type} ${agent}: ${events}`;
  }
}

const collect = (): number => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) gc();
  return process.memoryUsage().heapUsed;
};

const input = { order: 1, note: "a note of the customer ".repeat(100) };

describe("runs that only wait", () => {
  it("take few bytes each, however large they are, and one timer together", () => {
    const desk = new Desk();
    const count = 2_000;
    for (let order = 0; order < count; order++) void desk.supervisor?.start(`run ${order}`, approval, input);
    expect(desk.supervisor?.openRuns.size).toBe(count);
    expect(desk.clock.timers).toBe(1);
    const held = collect();
    desk.supervisor = undefined;
    expect((held - collect()) / count).toBeLessThan(500);
  });

  it("are read when an answer comes, and not before", () => {
    const { supervisor, store } = new Desk();
    void supervisor?.start("r", approval, input);
    expect(supervisor?.openRuns.isParked("r")).toBe(true);
    void supervisor?.switchCoordination("relay");
    supervisor?.participantLost(packer, new Error("its thread died"));
    expect(store.reads).toBe(0);
    expect(supervisor?.tell("r", "approval", { approved: true }, { idempotencyKey: "a" })).toBe(true);
    expect(store.reads).toBe(1);
    expect(supervisor?.openRuns.isParked("r")).toBe(true); // for the address
    expect(supervisor?.tell("r", "approval", { approved: false }, {})).toBe(false);
    expect(supervisor?.tell("r", "approval", { approved: true }, { idempotencyKey: "a" })).toBe(true);
    void supervisor?.cancel("r");
    expect(supervisor?.openRuns.has("r")).toBe(false);
  });

  it("have the successor of a lost participant told what it needs, once they go on", () => {
    const { supervisor, sent } = new Desk();
    void supervisor?.switchCoordination("relay");
    void supervisor?.start("r", approval, input);
    void supervisor?.tell("r", "approval", { approved: true }, {});
    sent.length = 0;
    supervisor?.participantLost(packer, new Error("its thread died"));
    expect(sent).toEqual([]);
    void supervisor?.tell("r", "address", "Here", {});
    expect(sent).toEqual(["relay packer: run-started, step-settled", "relay packer: step-settled"]);
  });

  it("break, and say why, when they can't be read", () => {
    const desk = new Desk();
    void desk.supervisor?.start("r", approval, input);
    const failure = new Error("the disk is gone");
    desk.store.failure = failure;
    expect(() => desk.supervisor?.tell("r", "approval", { approved: true }, {})).toThrow(failure);
    expect(desk.broken).toEqual([["r", failure]]);
    expect(desk.supervisor?.openRuns.has("r")).toBe(false);
  });
});
