/** What signals do to a system, against signals that a test sends. */

import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { type LeftRuns, type SystemEvent, TroupeError } from "../../../src/index.ts";
import type { ShutdownSignal, Signals } from "../../../src/ports/signals.ts";
import { shutdownOnSignal } from "../../../src/runtime/system/shutdown-on-signal.ts";

class FakeSignals implements Signals {
  readonly ended: ShutdownSignal[] = [];
  readonly spared: ((error: unknown) => boolean)[] = [];
  readonly #listeners = new Set<{ on: readonly ShutdownSignal[]; hear: (signal: ShutdownSignal) => void }>();

  listen(on: readonly ShutdownSignal[], hear: (signal: ShutdownSignal) => void): () => void {
    const listener = { on, hear };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  isHeard(signal: ShutdownSignal): boolean {
    return [...this.#listeners].some(({ on }) => on.includes(signal));
  }

  spare(isExpected: (error: unknown) => boolean): void {
    this.spared.push(isExpected);
  }

  end(signal: ShutdownSignal): void {
    this.ended.push(signal);
  }

  send(signal: ShutdownSignal): void {
    for (const { on, hear } of [...this.#listeners]) if (on.includes(signal)) hear(signal);
  }
}

class FakeSystem {
  readonly events$ = new Subject<SystemEvent>();
  shutdowns = 0;
  finish: () => void = () => undefined;

  shutdown(): Promise<LeftRuns> {
    this.shutdowns++;
    return new Promise((resolve) => {
      this.finish = () => {
        this.events$.complete();
        resolve({ unfinished: [], notStarted: [] });
      };
    });
  }
}

/** Lets all promises that are ready go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a system that is shut down on signals", () => {
  it("is shut down on the first, and then the process ends by it", async () => {
    const signals = new FakeSignals();
    const system = new FakeSystem();
    shutdownOnSignal(Promise.resolve(system), ["SIGTERM", "SIGINT"], signals);
    signals.send("SIGINT");
    await settled();
    expect([system.shutdowns, signals.ended]).toEqual([1, []]);
    system.finish();
    await settled();
    expect(signals.ended).toEqual(["SIGINT"]);
  });

  it("outlives what code that waits for the system is told then, and nothing else", async () => {
    const signals = new FakeSignals();
    shutdownOnSignal(Promise.resolve(new FakeSystem()), ["SIGINT"], signals);
    expect(signals.spared).toEqual([]);
    signals.send("SIGINT");
    await settled();
    const closed = new TroupeError("system-closed", "the system is closed");
    const errors = [
      closed,
      new Error("no report today", { cause: closed }),
      new Error("a bug"),
      "system-closed",
      undefined,
    ];
    expect(signals.spared.map((isExpected) => errors.map(isExpected))).toEqual([[true, true, false, false, false]]);
  });

  it("ends the process at once on the second, whichever it is, and is shut down once", async () => {
    const signals = new FakeSignals();
    const system = new FakeSystem();
    shutdownOnSignal(Promise.resolve(system), ["SIGTERM", "SIGINT"], signals);
    signals.send("SIGTERM");
    await settled();
    signals.send("SIGINT");
    expect([system.shutdowns, signals.ended]).toEqual([1, ["SIGINT"]]);
  });

  it("waits for a system that is being started", async () => {
    const signals = new FakeSignals();
    const system = new FakeSystem();
    let start: (system: FakeSystem) => void = () => undefined;
    shutdownOnSignal(new Promise((resolve) => (start = resolve)), ["SIGTERM"], signals);
    signals.send("SIGTERM");
    await settled();
    expect([system.shutdowns, signals.ended]).toEqual([0, []]);
    start(system);
    await settled();
    expect(system.shutdowns).toBe(1);
    system.finish();
    await settled();
    expect(signals.ended).toEqual(["SIGTERM"]);
  });

  it("leaves signals alone once it is closed, or if it doesn't start", async () => {
    const signals = new FakeSignals();
    const system = new FakeSystem();
    shutdownOnSignal(Promise.resolve(system), ["SIGTERM"], signals);
    await settled();
    system.events$.complete();
    expect(signals.isHeard("SIGTERM")).toBe(false);
    shutdownOnSignal(Promise.reject(new Error("no threads")), ["SIGTERM"], signals);
    signals.send("SIGTERM"); // while it starts
    await settled();
    expect([signals.isHeard("SIGTERM"), signals.ended]).toEqual([false, ["SIGTERM"]]);
  });

  it("leaves the end to the other listeners: the last system to be shut down ends the process", async () => {
    const signals = new FakeSignals();
    const systems = [new FakeSystem(), new FakeSystem()] as const;
    for (const system of systems) shutdownOnSignal(Promise.resolve(system), ["SIGTERM"], signals);
    signals.send("SIGTERM");
    await settled();
    systems[0].finish();
    await settled();
    expect(signals.ended).toEqual([]);
    systems[1].finish();
    await settled();
    expect(signals.ended).toEqual(["SIGTERM"]);
  });
});
