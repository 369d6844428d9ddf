import { describe, expect, it } from "vitest";
import { type ChildKind, type Decision, restartAlways } from "../../src/supervision/decision.ts";
import { describeFailure, type Failure } from "../../src/supervision/failure.ts";
import { defaultIntensity, recentRestarts } from "../../src/supervision/restart-intensity.ts";
import { TroupeError } from "../../src/errors/troupe-error.ts";
import { supervise } from "../../src/supervision/supervisor-machine.ts";
import {
  newSupervisor,
  type Strategy,
  type SupervisorEvent,
  type SupervisorState,
} from "../../src/supervision/supervisor-state.ts";

const backoff = { first: 10, factor: 2, max: 10_000, jitter: 0.2 };
const thrown = new Error("no");
const handlerFailed: Failure = { kind: "handler-failed", message: "add", error: thrown, deliveries: 1, isAsk: false };
const threadDied: Failure = { kind: "thread-died", thread: 1, error: thrown };

function failed(
  child: string,
  decision: Decision = "restart",
  failure: Failure = handlerFailed,
  now = 0,
): SupervisorEvent {
  return { type: "failed", child, failure, decision, now, chance: 0 };
}

/** A supervisor and what it said, in words: `start a`, `rest 10`, `all-started`. */
class Example {
  readonly said: string[] = [];
  readonly #plan;
  state: SupervisorState;

  constructor(strategy: Strategy, kinds: Readonly<Record<string, ChildKind>>, restarts = 10) {
    const children = Object.entries(kinds).map(([name, kind]) => ({ name, kind }));
    this.#plan = { strategy, intensity: { ...defaultIntensity, restarts }, backoff, children };
    this.state = newSupervisor(this.#plan);
  }

  /** What it says to these events. `a up`, `a down`, `a gone` are a child's answers. */
  to(...events: (SupervisorEvent | string)[]): string[] {
    const said: string[] = [];
    for (const event of events) {
      const [state, effects] = supervise(this.#plan, this.state, typeof event === "string" ? eventOf(event) : event);
      this.state = state;
      for (const effect of effects) {
        if (effect.type === "decided") said.push(`${effect.decision} ${effect.child}`);
        else if (effect.type === "rest") said.push(`rest ${effect.pause}`);
        else if (effect.type === "escalate") said.push(`escalate ${effect.child}`);
        else said.push("child" in effect ? `${effect.type} ${effect.child}` : effect.type);
      }
    }
    return said;
  }

  started(): this {
    this.to("start", ...this.state.children.map(({ name }) => `${name} up`));
    return this;
  }
}

function eventOf(text: string): SupervisorEvent {
  const [child = "", what] = text.split(" ");
  if (what === "up") return { type: "started", child, now: 0 };
  if (what === "down") return { type: "suspended", child };
  if (what === "gone") return { type: "stopped", child };
  if (what === "late") return { type: "late", child };
  if (what === "restart") return { type: "restart", child };
  if (what === "terminate") return { type: "terminate", child };
  if (child === "rested") return { type: "rested", wave: Number(what) };
  return { type: text as "start" | "stop" | "suspend" };
}

const abc = { a: "permanent", b: "permanent", c: "permanent" } as const;

describe("a supervisor's children", () => {
  it("start in order, each when the one before is up", () => {
    const example = new Example("one-for-one", abc);
    expect(example.to("start")).toEqual(["start a"]);
    expect(example.to("a up", "b up")).toEqual(["start b", "start c"]);
    expect(example.to("c up")).toEqual(["all-started"]);
  });

  it("stop in reverse; one that is late is abandoned", () => {
    const example = new Example("one-for-one", abc).started();
    expect(example.to("stop")).toEqual(["stop c"]);
    expect(example.to("c gone")).toEqual(["stop b"]);
    expect(example.to("b late")).toEqual(["abandon b", "stop a"]);
    expect(example.to("a gone")).toEqual(["all-stopped"]);
    expect(example.to("start", "a up", "suspend")).toEqual([]);
  });

  it("are resumed, restarted or stopped as decided", () => {
    const example = new Example("one-for-one", abc).started();
    expect(example.to(failed("b", "resume"))).toEqual(["resume b", "resume b"]);
    expect(example.to(failed("b"))).toEqual(["restart b", "rest 10"]);
    expect(example.to(`rested ${example.state.lastWave}`)).toEqual(["start b"]);
    expect(example.to("b up", failed("b", "stop"), "b gone")).toEqual(["stop b", "stop b"]);
    expect(example.state.children.map(({ status }) => status)).toEqual(["up", "gone", "up"]);
    expect(example.state.phase).toBe("running");
  });

  it("begin anew when a person says so, which is no failure", () => {
    const example = new Example("rest-for-one", abc, 1).started();
    expect(example.to("b restart")).toEqual(["suspend c"]);
    expect(example.to("b restart")).toEqual([]); // it goes down already
    expect(example.to("c down", "b down", "b up", "c up")).toEqual(["suspend b", "start b", "start c"]);
    expect(example.to("b restart", "c down", "b down", "b up", "c up")).toHaveLength(4);
    expect(example.state.children.map(({ restarts }) => restarts)).toEqual([0, 2, 0]);
    expect(example.to(failed("a"))[0]).toBe("restart a"); // the one restart that its intensity allows
    const temporary = new Example("one-for-one", { a: "temporary" }).started();
    expect(temporary.to("a restart")).toEqual([]);
    expect(temporary.state.children[0]?.status).toBe("up");
  });

  it("can't be resumed when nothing is left of them", () => {
    const example = new Example("one-for-one", abc).started();
    expect(example.to(failed("a", "resume", threadDied))).toEqual(["restart a", "rest 10"]);
  });

  it("are restarted by their kind", () => {
    const kinds = { a: "permanent", b: "transient", c: "temporary" } as const;
    const completed = { kind: "completed" } as const;
    const crashed = new Example("one-for-one", kinds).started();
    expect(crashed.to(failed("a"), failed("b"), failed("c"))).toEqual([
      ...["restart a", "rest 10", "restart b", "rest 10", "stop c", "stop c"],
    ]);
    const done = new Example("one-for-one", kinds).started();
    expect(["a", "b", "c"].flatMap((name) => done.to(failed(name, "restart", completed)))).toEqual([
      ...["restart a", "rest 10", "stop b", "stop b", "stop c", "stop c"],
    ]);
  });

  it("go down and up together, one-for-all", () => {
    const example = new Example("one-for-all", { ...abc, d: "temporary" }).started();
    expect(example.to(failed("b"))).toEqual(["restart b", "stop d"]);
    expect(example.to("d gone", "c down")).toEqual(["suspend c", "suspend a"]);
    expect(example.to("a down")).toEqual(["rest 10"]);
    expect(example.to(`rested ${example.state.lastWave}`, "a up", "b up", "c up")).toEqual([
      ...["start a", "start b", "start c"],
    ]);
    expect(example.state.children.map(({ status }) => status)).toEqual(["up", "up", "up", "gone"]);
  });

  it("go down and up with those before them, rest-for-one", () => {
    const example = new Example("rest-for-one", abc).started();
    expect(example.to(failed("b"), "c down")).toEqual(["restart b", "suspend c", "rest 10"]);
    // an earlier one fails meanwhile: all of them wait for it, and longer
    expect(example.to(failed("a"))).toEqual(["restart a", "rest 10"]);
    expect(example.to(`rested ${example.state.lastWave}`, "a up", "b up")).toEqual(["start a", "start b", "start c"]);
  });

  it("keep their order when one fails to start", () => {
    const example = new Example("one-for-one", abc);
    const startFailed: Failure = { kind: "start-failed", error: thrown };
    expect(example.to("start", failed("a", "restart", startFailed))).toEqual(["start a", "restart a", "rest 10"]);
    expect(example.to(`rested ${example.state.lastWave}`, "a up")).toEqual(["start a", "start b"]);
  });

  it("are not started again at first where their code can't be loaded, nor where a supervisor gave up because of that", () => {
    const unloadable: Failure = {
      kind: "start-failed",
      error: new TroupeError("module-failed", "no", { details: { module: "m" } }),
    };
    const example = new Example("one-for-one", abc);
    expect(example.to("start", failed("a", "restart", unloadable))).toEqual(["start a", "escalate a", "escalate a"]);
    const parent = new Example("one-for-one", abc);
    const escalated: Failure = { kind: "escalated", child: "a", failure: unloadable };
    expect(parent.to("start", failed("a", "restart", escalated))).toEqual(["start a", "escalate a", "escalate a"]);
    // once all stood, a restart may find what their modules wait for
    expect(new Example("one-for-one", abc).started().to(failed("a", "restart", unloadable))).toEqual([
      "restart a",
      "rest 10",
    ]);
    expect(
      new Example("one-for-one", { a: "temporary" }).to("start", failed("a", "restart", unloadable), "a gone"),
    ).toEqual([...["start a", "stop a", "stop a", "all-started"]]);
  });

  it("end by themselves when told so, and are not restarted", () => {
    const example = new Example("one-for-all", abc).started();
    expect(example.to("b terminate", "b gone")).toEqual(["stop b"]);
    expect(example.to(failed("a"))).toEqual(["restart a", "suspend c"]);
  });
});

describe("giving up", () => {
  it("takes all children down, then tells", () => {
    const example = new Example("one-for-one", abc, 1).started();
    expect(example.to(failed("a"))).toEqual(["restart a", "rest 10"]);
    expect(example.to(failed("b"))).toEqual(["escalate b", "suspend c"]);
    expect(example.to("c down")).toEqual(["escalate b"]);
    expect(example.state.phase).toBe("suspended");
  });

  it("starts all anew when the parent says so, those that were gone as well", () => {
    const example = new Example("one-for-one", { a: "permanent", b: "temporary" }).started();
    expect(example.to(failed("b"), "b gone", failed("a", "escalate"))).toEqual([
      ...["stop b", "stop b", "escalate a", "escalate a"],
    ]);
    expect(example.to("start", "a up", "b up")).toEqual(["start a", "start b", "all-started"]);
  });

  it("counts restarts within the period only", () => {
    const example = new Example("one-for-one", abc, 1).started();
    const { within } = defaultIntensity;
    example.to(failed("a", "restart", threadDied, 0), `rested ${example.state.lastWave + 1}`, "a up");
    expect(example.to(failed("a", "restart", threadDied, within))).toEqual(["restart a", "rest 10"]);
    expect(example.to(failed("b", "restart", threadDied, 2 * within - 1))[0]).toBe("escalate b");
    expect(recentRestarts(defaultIntensity, [0, 1, within], within)).toEqual([1, within]);
  });
});

describe("pauses", () => {
  it("grow in a row, and begin anew for a child that was up for a period", () => {
    const example = new Example("one-for-one", abc, 100).started();
    const pauses = [0, 1, 2, 3].map((now) => {
      const [, rest] = example.to(failed("a", "restart", threadDied, now));
      example.to(`rested ${example.state.lastWave}`, "a up");
      return rest;
    });
    expect(pauses).toEqual(["rest 10", "rest 20", "rest 40", "rest 80"]);
    expect(example.to(failed("a", "restart", threadDied, defaultIntensity.within))[1]).toBe("rest 10");
  });
});

describe("failures and decisions", () => {
  it("are plain data that says what happened", () => {
    const escalated: Failure = { kind: "escalated", child: "cart", failure: handlerFailed };
    expect(restartAlways({ name: "a", kind: "permanent", restarts: 0 }, handlerFailed)).toBe("restart");
    expect(describeFailure(escalated)).toBe('its child cart failed too often: it failed to handle "add": no');
    expect(
      (
        [
          threadDied,
          { kind: "start-failed", error: "a string" },
          { kind: "behaviour-failed", error: thrown },
          { kind: "linked-actor-died", actor: "1/x" as never, reason: "failed" },
          { kind: "completed" },
        ] as const
      ).map(describeFailure),
    ).toEqual([
      "its thread died: no",
      "it could not be started: a string",
      "its behaviour failed: no",
      "1/x, which it is linked with, went down (failed)",
      "its behaviour completed",
    ]);
  });
});
