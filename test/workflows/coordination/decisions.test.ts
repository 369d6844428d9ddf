/** The pure deciders: orchestrator, relay, join, and what follows from a commit. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import { advance } from "../../../src/workflows/coordination/advance.ts";
import type { Relay } from "../../../src/workflows/coordination/coordination-protocol.ts";
import { dispatchesOf, undelivered } from "../../../src/workflows/coordination/dispatch.ts";
import { Join, stepsByName } from "../../../src/workflows/coordination/join.ts";
import { orchestrate } from "../../../src/workflows/coordination/orchestrator.ts";
import { forward, handOver } from "../../../src/workflows/coordination/relay.ts";
import type { RunEvent } from "../../../src/workflows/history/run-event.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { decide } from "../../../src/workflows/coordination/decide.ts";
import {
  closer,
  codec,
  diamond,
  error,
  fail,
  finish,
  plan,
  start,
  started,
  stateAfter,
  undo,
  undone,
  writer,
  terms,
} from "../support/example-workflow.ts";

const cancel: RunEvent = { type: "cancel-requested" };
const relayed = (state: RunState): { run: string; plan: typeof plan; state: RunState } => ({ run: "r", plan, state });
const inRelay = started({ coordination: "relay" });

describe("the orchestrator", () => {
  it("starts all steps that can start, with mapped inputs", () => {
    expect(orchestrate(plan, stateAfter(started()), codec)).toEqual([
      { type: "step-started", step: "a", input: { n: 1 }, by: "orchestrator", epoch: 1 },
    ]);
    expect(orchestrate(plan, stateAfter(started(), start("a"), finish("a")), codec)).toMatchObject([
      { step: "b", input: { n: 2 } },
      { step: "c", input: { n: 3 } },
    ]);
    expect(orchestrate(plan, stateAfter(started(), start("a")), codec)).toEqual([]);
  });

  it("compensates the last finished step when nothing is in flight", () => {
    const events = [started(), start("a"), finish("a"), start("b"), start("c"), finish("c"), fail("b")];
    expect(orchestrate(plan, stateAfter(...events), codec)).toEqual([
      { type: "compensation-started", step: "c", by: "orchestrator", epoch: 1 },
    ]);
    expect(orchestrate(plan, stateAfter(...events, undo("c")), codec)).toEqual([]);
    expect(orchestrate(plan, stateAfter(...events.slice(0, -1), cancel), codec)).toEqual([]);
  });
});

describe("the start of a step", () => {
  const Dated = v.object({ when: v.date(), tags: v.optional(v.array(v.string()), ["none"]) });
  const agent = defineAgent("test:agents", {
    name: "clerk",
    version: "3.1.0",
    input: Dated,
    output: Dated,
    execute: (input) => input,
  });
  const step = (map: (sources: Record<string, never>) => unknown) => ({
    kind: "agent" as const,
    name: "s",
    agent,
    after: [],
    needs: [],
    when: undefined,
    otherwise: undefined,
    map: map as never,
    fallback: undefined,
    isPivot: false,
  });
  const begin = (map: (sources: Record<string, never>) => unknown, payloads: Record<string, unknown> = {}) =>
    decide(step(map), { by: "relay", epoch: 7, sources: { payloads } }, codec);

  it("checks the mapped input and leaves it to the receiver to parse", () => {
    const when = new Date(5);
    const decision = begin(() => ({ when }));
    expect(decision).toMatchObject({ type: "step-started", step: "s", by: "relay", epoch: 7 });
    expect(codec.decode((decision as { input: unknown }).input)).toEqual({ when }); // no default filled in
  });

  it.each([
    [
      "violates the contract",
      () => ({ when: "today" }),
      { code: "contract-violated", details: { agent: "clerk", side: "sender", path: "when" } },
    ],
    ["can't cross", () => ({ when: new Date(1), tags: [() => 1] }), { code: "not-cloneable" }],
    ["is a promise", async () => ({ when: new Date(1) }), { code: "invalid-workflow" }],
    ["is a rejected promise", async () => Promise.reject(new Error("lost")), { code: "invalid-workflow" }],
  ])("fails the step when the mapped input %s", (_, map, expected) => {
    expect(begin(map)).toMatchObject({ type: "step-failed", step: "s", epoch: 7, error: expected });
  });

  it("fails the step when the mapping throws, or writes to what it maps", () => {
    expect(begin(() => null, {})).toMatchObject({ type: "step-failed" });
    const thrown = begin(({ input }) => (input as unknown as { list: number[] }).list.push(1), { input: { list: [] } });
    expect(thrown).toMatchObject({ type: "step-failed", error: { name: "TypeError" } });
  });
});

describe("one commit", () => {
  it("takes the event, what the orchestrator decides next, and the end", () => {
    const first = advance(plan, newRun, started(), terms);
    expect(first?.events.map(({ type }) => type)).toEqual(["run-started", "step-started"]);
    expect(first?.next.events.map(({ type }) => type)).toEqual(["run-started", "step-started"]);
    const last = stateAfter(
      started(),
      start("a"),
      finish("a"),
      start("b"),
      start("c"),
      finish("c"),
      finish("b"),
      start("d"),
    );
    expect(advance(plan, last, finish("d"), terms)?.events.map(({ type }) => type)).toEqual([
      "step-finished",
      "run-ended",
    ]);
  });

  it("leaves decisions to the participants of a relayed run", () => {
    expect(advance(plan, newRun, inRelay, terms)?.events.map(({ type }) => type)).toEqual(["run-started"]);
  });

  it("goes on from a decision that fails a step to what follows from that", () => {
    const state = stateAfter(
      started(),
      start("a"),
      { type: "step-finished", step: "a", output: { n: 2000 } },
      start("b"),
      start("c"),
      {
        type: "step-finished",
        step: "b",
        output: { n: 2001 },
      },
    );
    const next = advance(plan, state, finish("c"), terms); // the closer takes no more than 1000
    expect(next?.events.map((event) => [event.type, "step" in event ? event.step : ""])).toEqual([
      ["step-finished", "c"],
      ["step-failed", "d"],
      ["compensation-started", "c"],
    ]);
  });

  it("refuses what the history refuses", () => {
    expect(advance(plan, stateAfter(started()), finish("a"), terms)).toBeUndefined();
  });
});

describe("the relay", () => {
  it("tells every participant of the start, once, and those that depend on a step of its end", () => {
    const fresh = forward(relayed(stateAfter(inRelay)), inRelay);
    expect(fresh.map(({ agent, message }) => [agent.name, message.steps])).toEqual([
      ["reader", ["a"]],
      ["writer", ["b", "c"]],
      ["closer", ["d"]],
    ]);
    expect(fresh[0]?.message).toMatchObject({
      type: "relay",
      run: "r",
      epoch: 1,
      events: [{ type: "run-started", input: { n: 1 } }],
      handOver: false,
    });
    const state = stateAfter(inRelay, start("a", "relay"), finish("a"));
    expect(
      forward(relayed(state), finish("a")).map(({ agent, message }) => [agent.name, message.steps, message.events]),
    ).toEqual([["writer", ["b", "c"], [{ type: "step-settled", step: "a", output: { n: 2 } }]]]);
    expect(forward(relayed(state), start("a"))).toEqual([]);
  });

  it("tells those that have something to undo what is left, when nothing is in flight", () => {
    const events = [inRelay, start("a"), finish("a"), start("b"), start("c"), finish("c"), finish("b"), start("d")];
    expect(forward(relayed(stateAfter(...events, cancel)), cancel)).toEqual([]);
    const all = forward(relayed(stateAfter(...events, fail("d"))), fail("d"));
    expect(all.map(({ agent, message }) => [agent.name, message.events])).toEqual([
      [
        "writer",
        [
          {
            type: "run-compensating",
            remaining: ["b", "c"],
            own: [
              { step: "b", input: { n: 1 }, output: { n: 2 } },
              { step: "c", input: { n: 1 }, output: { n: 2 } },
            ],
          },
        ],
      ],
    ]);
    expect(forward(relayed(stateAfter(...events, fail("d"), undo("b"))), undo("b"))).toEqual([]);
    const next = forward(relayed(stateAfter(...events, fail("d"), undo("b"), undone("b"))), undone("b"));
    expect(next[0]?.message.events).toMatchObject([{ remaining: ["c"] }]);
  });

  it("hands over what the participants of pending steps would have heard", () => {
    const state = stateAfter(started(), start("a"), finish("a"), start("b"), finish("b"));
    expect(
      handOver(relayed(state)).map(({ agent, message }) => [
        agent.name,
        message.steps,
        message.events.map(({ type }) => type),
        message.handOver,
      ]),
    ).toEqual([
      ["writer", ["c"], ["run-started", "step-settled"], true],
      ["closer", ["d"], ["run-started", "step-settled"], true],
    ]);
    const [toCloser] = handOver(relayed(state), plan.participants[2]?.key);
    expect(toCloser?.agent).toBe(closer);
    expect(toCloser?.message.events[1]).toEqual({ type: "step-settled", step: "b", output: { n: 2 } });
  });
});

describe("a participant's join", () => {
  const relay = (steps: readonly string[], events: Relay["events"]): Relay => ({
    type: "relay",
    run: "r",
    epoch: 3,
    workflow: diamond,
    steps,
    events,
    handOver: false,
  });
  const newJoin = (): Join => new Join(stepsByName(diamond));
  const input = { type: "run-started", input: { n: 1 } } as const;
  const finished = (step: string) => ({ type: "step-settled", step, output: { n: 5 } }) as const;

  it("starts a step when it has all it needs, in whatever order that came", () => {
    for (const events of [
      [input, finished("b"), finished("c")],
      [finished("c"), input, finished("b")],
      [finished("c"), finished("b"), input],
    ]) {
      const join = newJoin();
      const proposals = events.flatMap((event) => join.take(relay(["d"], [event]), codec));
      expect(proposals).toEqual([
        { type: "step-started", step: "d", input: { left: 5, right: 5 }, by: "relay", epoch: 3 },
      ]);
      expect(join.isOver).toBe(true);
    }
  });

  it("proposes each step once, whatever arrives twice", () => {
    const join = newJoin();
    const first = join.take(relay(["b", "d"], [input, finished("a")]), codec);
    expect(first.map((proposal) => proposal.type === "step-started" && proposal.step)).toEqual(["b"]);
    expect(join.take(relay(["b", "d"], [input, finished("a")]), codec)).toEqual([]);
    expect(join.take(relay(["d"], [finished("b"), finished("b")]), codec)).toEqual([]);
    expect(join.isOver).toBe(false);
  });

  it("remembers a run for as long as one of its steps waits for something", () => {
    const waiting = (): Join => {
      const join = newJoin();
      join.take(relay(["b", "d"], [input, finished("a")]), codec);
      return join;
    };
    const [gone, turned] = [waiting(), waiting()];
    expect([gone.isOver, turned.isOver]).toEqual([false, false]);
    gone.take(relay(["d"], [finished("b"), finished("c")]), codec);
    const own = [{ step: "b", input: { n: 1 }, output: { n: 2 } }];
    const backward = relay(["b"], [{ type: "run-compensating", remaining: ["b"], own }]);
    turned.take(backward, codec);
    expect([gone.isOver, turned.isOver]).toEqual([true, true]);
  });

  it("says that a step can't start when its input can't be made", () => {
    const proposals = newJoin().take(
      relay(["d"], [input, finished("b"), { ...finished("c"), output: undefined }]),
      codec,
    );
    expect(proposals).toMatchObject([{ type: "step-failed", step: "d", epoch: 3 }]);
  });

  it("proposes to undo its step when that is the next, and nothing else", () => {
    const own = [{ step: "b", input: { n: 1 }, output: { n: 2 } }];
    const backward = (remaining: readonly string[]) =>
      newJoin().take(relay(["b"], [{ type: "run-compensating", remaining, own }]), codec);
    expect(backward(["d", "b"])).toEqual([]);
    expect(backward(["b", "c"])).toEqual([
      { type: "compensation-started", step: "b", by: "relay", epoch: 3, own: own[0] },
    ]);
  });
});

describe("what follows from a commit", () => {
  const types = (state: RunState, ...events: readonly RunEvent[]): unknown[] =>
    dispatchesOf(relayed(state), events).map(({ agent, message }) => [
      agent.name,
      message.type,
      "step" in message ? message.step : "",
    ]);

  it("is an order for what the orchestrator decided, and nothing for what a participant did", () => {
    const state = stateAfter(started(), start("a"), finish("a"), start("b"), start("c"));
    expect(types(state, finish("a"), start("b"), start("c"))).toEqual([
      ["writer", "perform", "b"],
      ["writer", "perform", "c"],
    ]);
    expect(types(state, start("b", "relay"))).toEqual([]);
  });

  it("carries back what the step was given and gave", () => {
    const state = stateAfter(started(), start("a"), finish("a"), start("b"), finish("b"), cancel, undo("b"));
    expect(dispatchesOf(relayed(state), [undo("b")])).toEqual([
      {
        agent: writer,
        message: {
          type: "compensate",
          run: "r",
          epoch: 1,
          handOver: false,
          own: { step: "b", input: { n: 1 }, output: { n: 2 } },
        },
      },
    ]);
  });

  it("aborts steps in flight once a participant when the run is cancelled", () => {
    const state = stateAfter(started(), start("a"), finish("a"), start("b"), start("c"), cancel);
    expect(types(state, cancel)).toEqual([["writer", "abort", ""]]);
  });

  it("releases participants when a relayed run ends or the orchestrator takes over", () => {
    const everyone = [
      ["reader", "release", ""],
      ["writer", "release", ""],
      ["closer", "release", ""],
    ];
    const ended: RunEvent = { type: "run-ended", status: "cancelled" };
    expect(types(stateAfter(inRelay, cancel, ended), cancel, ended)).toEqual(everyone);
    expect(types(stateAfter(started(), cancel, ended), cancel, ended)).toEqual([]);
    const taken: RunEvent = { type: "coordination-switched", coordination: "orchestrator", epoch: 2 };
    expect(types(stateAfter(inRelay, taken, start("a")), taken, start("a"))).toEqual([
      ...everyone,
      ["reader", "perform", "a"],
    ]);
  });

  it("marks what a switch caused as its hand-over", () => {
    const taken: RunEvent = { type: "coordination-switched", coordination: "orchestrator", epoch: 2 };
    const messages = dispatchesOf(relayed(stateAfter(inRelay, taken, start("a"))), [taken, start("a")]).map(
      ({ message }) => message,
    );
    expect(messages.at(-1)).toMatchObject({ type: "perform", handOver: true, epoch: 2 });
  });
});

describe("what can't be delivered", () => {
  const of = { run: "r", epoch: 1, handOver: false } as const;

  it("has failed: the step, the compensation, or what the participant was to decide", () => {
    expect(undelivered({ type: "perform", ...of, step: "a", input: 1 }, error)).toEqual([
      { type: "step-failed", step: "a", error },
    ]);
    expect(undelivered({ type: "compensate", ...of, own: { step: "a", input: 1, output: 2 } }, error)).toEqual([
      { type: "compensation-failed", step: "a", error },
    ]);
    const relay: Relay = {
      type: "relay",
      ...of,
      workflow: diamond,
      steps: ["b", "c"],
      events: [{ type: "run-started", input: 1 }],
    };
    expect(undelivered(relay, error)).toEqual([
      { type: "step-failed", step: "b", error, epoch: 1 },
      { type: "step-failed", step: "c", error, epoch: 1 },
    ]);
    const backward = (remaining: readonly string[]): Relay => ({
      ...relay,
      events: [{ type: "run-compensating", remaining, own: [] }],
    });
    expect(undelivered(backward(["c", "b"]), error)).toEqual([
      { type: "compensation-failed", step: "c", error, epoch: 1 },
    ]);
    expect(undelivered(backward(["d", "c"]), error)).toEqual([]);
  });

  it("loses nothing when it was an abort or a release", () => {
    expect(undelivered({ type: "abort", run: "r" }, error)).toEqual([]);
    expect(undelivered({ type: "release", run: "r", workflow: diamond }, error)).toEqual([]);
  });
});
