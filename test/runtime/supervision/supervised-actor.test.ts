/** Supervised actors over hosts that start, answer and die as the test has it: what becomes of answers that cross (invariant 9). */

import { describe, expect, it } from "vitest";
import { type Address, hostId, makeSupervisedAddress } from "../../../src/actors/address.ts";
import { ActorRegistry } from "../../../src/runtime/registry/actor-registry.ts";
import { Supervision } from "../../../src/runtime/supervision/supervision.ts";
import type { SupervisionOptions } from "../../../src/runtime/supervision/supervision-options.ts";
import type { Untimed } from "../../../src/runtime/telemetry/system-events.ts";
import type { ChildReport } from "../../../src/runtime/transport/supervision-protocol.ts";
import { counter } from "../../fixtures/actors.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";

/** All promises that can be settled have been. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const killed = new Error("killed");

/** Hosts with one supervised actor each. */
class Stage {
  readonly clock = new FakeClock();
  /** What the hosts were told, as `thread: command actor`. */
  readonly log: string[] = [];
  readonly events: Untimed[] = [];
  readonly supervision: Supervision;
  /** No other actor is on an actor's thread, which can be killed. */
  isAlone = true;
  readonly #registry = new ActorRegistry();
  readonly #starting = new Map<number, () => void>();
  #threads = 0;
  #ids = 0;

  constructor() {
    const place = () => Promise.resolve(hostId(++this.#threads));
    this.supervision = new Supervision({
      clock: this.clock,
      random: { next: () => 0.5, id: () => `id-${++this.#ids}` },
      newId: () => `id-${++this.#ids}`,
      registry: this.#registry,
      roster: {
        ids: [],
        check: () => undefined,
        place,
        placeAgain: place,
        isAlone: () => this.isAlone,
        kill: async (host) => void this.log.push(`${host}: kill`),
        release: async (host) => void this.log.push(`${host}: release`),
      },
      spawn: (host, { name }) => {
        this.log.push(`${host}: spawn ${name}`);
        return new Promise((resolve) => this.#starting.set(host, resolve));
      },
      transmit: (host, frame) => {
        if (frame.kind === "child-command") this.log.push(`${host}: ${frame.command.type}`);
      },
      publish: (event) => this.events.push(event),
      down: () => undefined,
      gone: () => undefined,
    });
  }

  /** What was told since the last call. */
  async told(): Promise<string[]> {
    await settled();
    return this.log.splice(0);
  }

  /** Begins to start a tree; the rejection is no concern of the test's. */
  supervise(options: SupervisionOptions): void {
    this.supervision.supervise(options, () => undefined).catch((error: unknown) => this.log.push(String(error)));
  }

  /** A host says that the actor is there. */
  async started(host: number): Promise<void> {
    this.#starting.get(host)?.();
    await settled();
  }

  report(host: number, actor: Address, report: ChildReport): void {
    this.supervision.report(actor, report, hostId(host));
  }

  stopped(host: number, actor: Address): void {
    this.supervision.stopped(actor, hostId(host));
  }

  lose(host: number): void {
    this.supervision.threadLost(hostId(host), killed);
  }

  get decided(): unknown[] {
    return this.events.filter(({ type }) => type === "supervisor-decided");
  }
}

const a = makeSupervisedAddress("a");
const backoff = { first: 0, factor: 1, max: 0, jitter: 0 } as const;
const child = { actor: counter, stopWithin: 50 } as const;

/** `a` on thread 1 below a supervisor of its own, and `b` on thread 2 that takes that supervisor with it. */
async function nested(): Promise<Stage> {
  const stage = new Stage();
  stage.supervise({
    name: "tree",
    strategy: "one-for-all",
    backoff,
    children: [
      { name: "inner", supervisor: { children: [{ ...child, name: "a" }], backoff } },
      { ...child, name: "b" },
    ],
  });
  await settled();
  await stage.started(1);
  await stage.started(2);
  expect(await stage.told()).toEqual(["1: spawn a", "2: spawn b"]);
  return stage;
}

/** `a` did not stop in time, so its thread is killed; before that is dead, `a` is started again with all its supervisor's actors. */
async function startedAgain(): Promise<Stage> {
  const stage = await nested();
  void stage.supervision.terminate(a, "discard");
  stage.clock.pass(50);
  expect(await stage.told()).toEqual(["1: stop", "1: kill"]);
  stage.lose(2);
  expect(await stage.told()).toEqual([]);
  return stage;
}

describe("an actor that is started again while its last life ends", () => {
  it("begins one life once the thread that was killed is dead, and none after it was stopped", async () => {
    const stage = await startedAgain();
    stage.lose(1);
    expect(await stage.told()).toEqual(["3: spawn a"]);
    await stage.started(3);
    await stage.told();
    void stage.supervision.terminate(a, "discard");
    stage.stopped(3, a);
    expect(await stage.told()).toEqual(["3: stop", "3: release"]);
  });

  it("is not blamed for the thread that was killed", async () => {
    const stage = await startedAgain();
    expect(stage.decided).toMatchObject([{ child: "b" }]);
    stage.lose(1);
    expect(stage.decided).toMatchObject([{ child: "b" }]);
  });

  it("begins no life when it is stopped before that", async () => {
    const stage = await startedAgain();
    void stage.supervision.terminate(a, "discard");
    stage.stopped(1, a);
    expect(await stage.told()).toEqual(["1: release", "3: spawn b"]);
  });
});

describe("an actor that goes down as its deadline passes", () => {
  it("is restarted elsewhere: its thread can't be saved", async () => {
    const stage = await nested();
    stage.lose(2);
    stage.clock.pass(50);
    expect(await stage.told()).toEqual(["1: suspend", "1: kill"]);
    stage.report(1, a, { type: "suspended" });
    expect(await stage.told()).toEqual([]);
    stage.lose(1);
    expect(await stage.told()).toEqual(["3: spawn a"]);
    expect(stage.decided).toMatchObject([{ child: "b" }]);
  });
});

describe("an actor that says that it is down as it is left behind", () => {
  it("is started elsewhere once its host has let go of it", async () => {
    const stage = await nested();
    stage.isAlone = false;
    stage.lose(2);
    stage.clock.pass(50);
    expect(await stage.told()).toEqual(["1: suspend", "1: abandon"]);
    stage.report(1, a, { type: "suspended" });
    expect(await stage.told()).toEqual([]);
    stage.report(1, a, { type: "abandoned" });
    expect(await stage.told()).toEqual(["1: release", "3: spawn a"]);
    await stage.started(3);
    stage.report(1, a, { type: "completed" }); // of the life that was left behind
    expect(stage.decided).toMatchObject([{ child: "b" }]);
  });
});

describe("an actor that fails before its host has said that it is there", () => {
  it("is judged once it is", async () => {
    const stage = new Stage();
    stage.supervise({ name: "tree", backoff, children: [{ ...child, name: "a" }] });
    await settled();
    stage.report(1, a, { type: "completed" });
    expect(stage.decided).toEqual([]);
    await stage.started(1);
    expect(stage.decided).toMatchObject([{ child: "a", failure: { kind: "completed" }, decision: "restart" }]);
    expect(await stage.told()).toEqual(["1: spawn a", "1: restart"]);
  });
});
