/** The breaker against a model that remembers everything and computes each answer anew. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BreakerEvent,
  type BreakerPolicy,
  type BreakerState,
  closedBreaker,
  isBlocking,
  stepBreaker,
} from "../../../src/agents/policies/breaker.ts";
import type { CallOutcome } from "../../../src/agents/policies/permit.ts";
import { quickExpect } from "../../quick-expect.ts";

/** A call of the model: which breaker it began under, and how it ended. */
interface ModelCall {
  readonly epoch: number;
  readonly began: number;
  end: { readonly time: number; readonly outcome: CallOutcome; readonly took: number } | undefined;
}

/** The breaker as its documentation has it, without any cleverness: a list of all calls, and the status. */
class Model {
  status: BreakerState["status"] = "closed";
  epoch = 0;
  now = 0;
  retryAt = 0;
  openings = 0;
  readonly calls: ModelCall[] = [];
  readonly policy: BreakerPolicy;

  constructor(policy: BreakerPolicy) {
    this.policy = policy;
  }

  get mine(): readonly ModelCall[] {
    return this.calls.filter(({ epoch }) => epoch === this.epoch);
  }

  /** The calls of this epoch that count, in the order in which they ended. */
  get ended(): readonly { readonly time: number; readonly isFailure: boolean }[] {
    return this.#endings.map(({ time, outcome, took }) => ({
      time,
      isFailure: outcome !== "ok" || took > this.policy.slowAfter,
    }));
  }

  readonly #endings: NonNullable<ModelCall["end"]>[] = [];

  look(): void {
    if (this.status === "open" && this.now >= this.retryAt) this.#become("half-open");
  }

  get isBlocked(): boolean {
    if (this.status === "closed") return false;
    if (this.status === "open") return true;
    const taken = this.mine.filter(({ end }) => end?.outcome !== "excused");
    return taken.length >= this.policy.probes;
  }

  begin(): ModelCall {
    const call: ModelCall = { epoch: this.epoch, began: this.now, end: undefined };
    this.calls.push(call);
    return call;
  }

  end(call: ModelCall, outcome: CallOutcome, took: number): void {
    call.end = { time: this.now, outcome, took };
    if (call.epoch !== this.epoch || this.status === "open" || outcome === "excused") return;
    // a death counts once: what was in flight when a lost call was counted died with it
    const isOfDeath = (counted: { readonly time: number; readonly outcome: CallOutcome }): boolean =>
      counted.outcome === "lost" && counted.time >= call.began;
    if (this.status === "closed" && outcome === "lost" && this.#endings.some(isOfDeath)) return;
    this.#endings.push(call.end);
    if (this.status === "closed" && this.#shouldOpen()) this.#open();
    else if (this.status === "half-open") {
      const { ended } = this;
      if (ended.at(-1)?.isFailure === true) this.#open();
      else if (ended.length === this.policy.probes) {
        this.#become("closed");
        this.openings = 0;
      }
    }
  }

  tick(): void {
    const isSlow = ({ began, end }: ModelCall): boolean =>
      end === undefined && this.now >= began + this.policy.slowAfter;
    if (this.status === "half-open" && this.mine.some(isSlow)) this.#open();
  }

  #shouldOpen(): boolean {
    const { ended, policy } = this;
    const lastSuccess = ended.findLastIndex(({ isFailure }) => !isFailure);
    if (ended.length - 1 - lastSuccess >= policy.consecutiveFailures) return true;
    const slice = policy.window / 10;
    const current = Math.floor(this.now / slice);
    const recent = ended.filter(({ time }) => Math.floor(time / slice) > current - 10);
    const failures = recent.filter(({ isFailure }) => isFailure).length;
    return recent.length >= policy.minimumCalls && failures / recent.length >= policy.failureRate;
  }

  #open(): void {
    this.#become("open");
    this.openings++;
    const { first, factor, max } = this.policy.openFor;
    this.retryAt = this.now + Math.min(max, first * factor ** (this.openings - 1));
  }

  #become(status: Model["status"]): void {
    this.status = status;
    this.epoch++;
    this.#endings.length = 0;
  }
}

/** The machine, and the calls that it let through, as those of the model. */
class Real {
  state: BreakerState = closedBreaker;
  readonly calls: { readonly generation: number; readonly began: number }[] = [];
}

type Command = fc.Command<Model, Real>;

/** The transitions that were seen. */
const seen = new Set<string>();

/** What every command checks after it has been done to both. */
function agree(model: Model, real: Real, statusBefore: BreakerState["status"], generationBefore: number): void {
  const { state } = real;
  quickExpect(state.status).toBe(model.status);
  quickExpect(state.generation).toBe(model.epoch);
  quickExpect(isBlocking(model.policy, state)).toBe(model.isBlocked);
  if (state.status === "open") quickExpect(state.retryAt).toBe(model.retryAt);
  if (state.status === "half-open") {
    quickExpect(state.probes.length + state.succeeded).toBeLessThanOrEqual(model.policy.probes);
  }
  const step = `${statusBefore}>${state.status}`;
  if (state.generation !== generationBefore) {
    quickExpect(["closed>open", "open>half-open", "half-open>open", "half-open>closed"]).toContain(step);
    quickExpect(state.generation).toBe(generationBefore + 1);
    seen.add(step);
  } else quickExpect(state.status).toBe(statusBefore);
}

function command(text: string, check: (model: Model) => boolean, run: (model: Model, real: Real) => void): Command {
  return {
    check,
    run(model, real) {
      const { status, generation } = real.state;
      run(model, real);
      agree(model, real, status, generation);
    },
    toString: () => text,
  };
}

function send(model: Model, real: Real, event: BreakerEvent): void {
  real.state = stepBreaker(model.policy, real.state, event, model.now, () => 0);
}

const look = command(
  "look",
  () => true,
  (model, real) => {
    send(model, real, { type: "look" });
    model.look();
  },
);

const begin = command(
  "begin",
  (model) => !model.isBlocked,
  (model, real) => {
    send(model, real, { type: "begin" });
    model.begin();
    real.calls.push({ generation: real.state.generation, began: model.now });
  },
);

const end = (pick: number, outcome: CallOutcome, slow: boolean): Command =>
  command(
    `end ${pick} ${outcome}${slow ? " slowly" : ""}`,
    (model) => model.calls.some(({ end: ended }) => ended === undefined),
    (model, real) => {
      const open = model.calls.flatMap((one, index) => (one.end === undefined ? [index] : []));
      const index = open[pick % open.length] ?? 0;
      const took = slow ? model.policy.slowAfter + 1 : model.policy.slowAfter;
      const error = outcome === "ok" ? "" : "boom";
      send(model, real, { type: "end", ...real.calls[index]!, outcome, took, error });
      model.end(model.calls[index]!, outcome, took);
    },
  );

const wait = (ms: number): Command =>
  command(
    `wait ${ms}`,
    () => true,
    (model) => void (model.now += ms),
  );

const tick = command(
  "tick",
  () => true,
  (model, real) => {
    send(model, real, { type: "tick" });
    model.tick();
  },
);

const commands = fc.commands(
  [
    fc.constant(look),
    fc.constant(begin),
    fc.constant(tick),
    fc
      .tuple(
        fc.nat(50),
        fc.constantFrom<CallOutcome>("ok", "failed", "failed", "unknown", "lost", "lost", "excused"),
        fc.boolean(),
      )
      .map(([pick, outcome, slow]) => end(pick, outcome, slow && pick % 3 === 0)),
    fc.integer({ min: 0, max: 400 }).map(wait),
  ],
  { maxCommands: 200, size: "max" },
);

const policy: fc.Arbitrary<BreakerPolicy> = fc.record({
  consecutiveFailures: fc.constantFrom(1, 2, 4, Number.POSITIVE_INFINITY),
  failureRate: fc.constantFrom(0.25, 0.5, 1, Number.POSITIVE_INFINITY),
  window: fc.constantFrom(100, 1_000),
  minimumCalls: fc.integer({ min: 1, max: 6 }),
  slowAfter: fc.constantFrom(50, 300),
  openFor: fc.constant({ first: 50, factor: 2, max: 300, jitter: 0 }),
  probes: fc.integer({ min: 1, max: 4 }),
  counts: fc.constant(undefined),
});

describe("the breaker", () => {
  it("does what its model does, and makes no transition that the model doesn't have", () => {
    fc.assert(
      fc.property(policy, commands, (given, all) => {
        fc.modelRun(() => ({ model: new Model(given), real: new Real() }), all);
      }),
      { numRuns: 1_000 },
    );
  });

  it("was seen in every transition that it has", () => {
    expect([...seen].sort()).toEqual(["closed>open", "half-open>closed", "half-open>open", "open>half-open"]);
  });
});
