/**
 * The machine of an actor's life against its model: the same life as plain facts, each set by the event that it comes from. A
 * shell does what the machine says with messages that are only numbers, and holds that none of them is lost or ends twice.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  awaitsHandled,
  failedIn,
  isEnding,
  isOpen,
  isOver,
  type Life,
  type LifeEffect,
  type LifeEvent,
  live,
  newLife,
} from "../../src/actors/life.ts";
import type { StopMode } from "../../src/actors/stop-mode.ts";

type At = Life<number>["at"];

/** What a life may become by one event. Nothing else is a transition. */
const table: Readonly<Record<At, readonly At[]>> = {
  running: ["halted", "suspending", "suspended", "draining", "discarding", "fenced"],
  halted: ["running", "suspending", "suspended", "discarding", "fenced"],
  suspending: ["suspended", "discarding", "fenced"],
  suspended: ["halted", "discarding", "fenced"],
  draining: ["discarding", "stopped", "fenced"],
  discarding: ["stopped", "fenced"],
  stopped: [],
  fenced: [],
};

/** The life as facts. */
class Model {
  mode: StopMode | undefined;
  isOver = false;
  isFenced = false;
  isDown = false;
  isSuspending = false;
  isLeft = false;
  hasFailed = false;
  isHandling = false;
  undecided: number | undefined;

  /** Takes an event; returns what is to be done about it. */
  hear(event: LifeEvent<number>): string[] {
    if (event.type === "broke") this.hasFailed = true;
    if (this.isOver) return [];
    switch (event.type) {
      case "stop":
        if (event.unhandled === "left-to-senders") this.isLeft = true;
        return this.#stop(event.mode);
      case "idle":
        if (this.mode !== undefined) this.isOver = true;
        return this.isOver ? ["abort", "end"] : [];
      case "handled": {
        this.isHandling = false;
        const isNews = this.isSuspending;
        if (this.mode !== undefined) this.isSuspending = false;
        return isNews ? ["suspended"] : [];
      }
      case "failed":
        return this.#failed(event.failed, event.by === "behaviour");
      case "ended":
        if (this.mode !== undefined) return this.#stop("discard");
        this.isDown = true;
        return this.isSuspending ? [] : ["report-end"];
      case "abandon":
        this.isOver = this.isFenced = true;
        return event.isFinal ? ["fence"] : ["fence", "abandoned"];
      case "broke":
        return [];
      default:
        return this.mode === undefined ? this.#obey(event) : [];
    }
  }

  #stop(mode: StopMode): string[] {
    const how = this.isDown ? "discard" : mode;
    const isNew = this.mode !== "discard" && how === "discard";
    if (this.mode !== "discard") this.mode = how;
    if (!isNew) return ["finish"];
    if (!this.isHandling) this.isSuspending = false; // it has said so
    return ["abort", ...this.#decided("give-up"), "discard", "finish"];
  }

  #failed(message: number, isBehaviour: boolean): string[] {
    this.isHandling = false;
    if (this.mode !== undefined) return ["give-up", ...(isBehaviour ? this.#stop("discard") : [])];
    this.isDown = true;
    if (this.isSuspending) return ["begin-again", "suspended"];
    this.undecided = message;
    return ["report-failed"];
  }

  #obey(event: LifeEvent<number>): string[] {
    switch (event.type) {
      case "resume":
        if (!this.isDown || this.isSuspending) return [];
        this.isDown = false;
        return [...this.#decided("give-up"), "go-on"];
      case "suspend":
        this.isDown = this.isSuspending = true;
        return this.isHandling ? ["abort"] : ["abort", "suspended"];
      case "restart":
        this.isDown = true;
        this.isSuspending = false;
        return ["begin-anew"];
      case "start-failed":
        return ["report-start-failed"];
      case "begun":
        this.isDown = false;
        return [...this.#decided("begin-again"), "started", "go-on"];
      default:
        return [];
    }
  }

  #decided(what: string): string[] {
    const decided = this.undecided === undefined ? [] : [what];
    this.undecided = undefined;
    return decided;
  }
}

type Fate = "handled" | "given up" | "dead letter" | "left to its sender" | "another life's";

/** What the cell is: counters, and what becomes of each message. */
class Shell {
  life: Life<number> = newLife;
  readonly model = new Model();
  readonly waiting: number[] = [];
  readonly fates = new Map<number, Fate>();
  inHand: number | undefined;
  accepted = 0;
  ends = 0;
  startFails = false;

  deliver(): void {
    const id = ++this.accepted;
    if ("unhandled" in this.life) this.#settle(id, this.life.unhandled === "dead-letters");
    else if (this.life.at === "fenced") this.#end(id, "another life's");
    else this.waiting.push(id);
  }

  take(): void {
    if (this.inHand !== undefined || !isOpen(this.life)) return;
    this.inHand = this.waiting.shift();
    this.model.isHandling = this.inHand !== undefined;
  }

  /** The message in hand comes to something. */
  conclude(how: "handled" | "handler" | "behaviour"): void {
    const { inHand } = this;
    if (inHand === undefined) return;
    this.inHand = undefined;
    this.model.isHandling = false;
    if (this.life.at === "fenced") this.#end(inHand, "another life's");
    else if (how === "handled") {
      this.#end(inHand, "handled");
      if (awaitsHandled(this.life)) this.hear({ type: "handled" });
      else deepStrictEqual(this.model.hear({ type: "handled" }), []);
    } else this.hear({ type: "failed", failed: inHand, by: how });
    this.finish();
  }

  finish(): void {
    const undecided = failedIn(this.life) === undefined ? 0 : 1;
    if (isEnding(this.life) && this.inHand === undefined && this.waiting.length + undecided === 0)
      this.hear({ type: "idle" });
  }

  hear(event: LifeEvent<number>): void {
    const before = this.life;
    const frozen = JSON.stringify(before);
    const [after, effects] = live(before, event);
    strictEqual(JSON.stringify(before), frozen); // pure
    this.life = after;
    deepStrictEqual(
      effects.map((effect) => (effect.type === "report" ? effect.report : effect.type)),
      this.model.hear(event),
    );
    if (after.at !== before.at) ok(table[before.at].includes(after.at), `${before.at} > ${after.at}`);
    this.#agree();
    for (const effect of effects) this.#do(effect);
  }

  #agree(): void {
    const { life, model } = this;
    strictEqual(life.at === "fenced", model.isFenced);
    strictEqual(isOver(life), model.isOver);
    strictEqual(isEnding(life), !model.isOver && model.mode !== undefined);
    strictEqual(isOpen(life), !model.isOver && !model.isDown && model.mode !== "discard");
    if (!isOver(life)) strictEqual(failedIn(life), model.undecided);
    if (isEnding(life)) strictEqual(life.unhandled, model.isLeft ? "left-to-senders" : "dead-letters");
    if (life.at === "stopped") strictEqual(life.outcome, model.hasFailed ? "failed" : "stopped");
  }

  #do(effect: LifeEffect<number>): void {
    switch (effect.type) {
      case "discard":
        for (const id of this.waiting.splice(0)) this.#settle(id, effect.unhandled === "dead-letters");
        break;
      case "give-up":
        this.#end(effect.failed, "given up");
        break;
      case "begin-again":
        this.waiting.unshift(effect.failed);
        break;
      case "begin-anew":
        this.hear(this.startFails ? { type: "start-failed", error: "no" } : { type: "begun" });
        break;
      case "finish":
        this.finish();
        break;
      case "end":
        deepStrictEqual([this.inHand, this.waiting], [undefined, []]);
        this.ends++;
        break;
      case "fence": {
        this.ends++;
        this.waiting.length = 0;
        for (let id = 1; id <= this.accepted; id++)
          if (id !== this.inHand && !this.fates.has(id)) this.#end(id, "another life's");
        break;
      }
      default: // heard by others
    }
  }

  #settle(id: number, isDead: boolean): void {
    this.#end(id, isDead ? "dead letter" : "left to its sender");
  }

  #end(id: number, fate: Fate): void {
    strictEqual(this.fates.get(id), undefined);
    this.fates.set(id, fate);
  }
}

class Do implements fc.Command<object, Shell> {
  readonly name: string;
  readonly act: (shell: Shell) => void;
  constructor(name: string, act: (shell: Shell) => void) {
    this.name = name;
    this.act = act;
  }
  check = (): boolean => true;
  run(_model: object, shell: Shell): void {
    this.act(shell);
  }
  toString = (): string => this.name;
}

const event = (heard: LifeEvent<number>): Do => new Do(JSON.stringify(heard), (shell) => shell.hear(heard));

const deliver = fc.constant(new Do("deliver", (shell) => shell.deliver()));
const take = fc.constant(new Do("take", (shell) => shell.take()));
const handled = fc.constant(new Do("handled", (shell) => shell.conclude("handled")));
const fails = fc
  .constantFrom("handler" as const, "behaviour" as const)
  .map((by) => new Do(`failed by ${by}`, (shell) => shell.conclude(by)));
const stops = fc
  .record({
    type: fc.constant("stop" as const),
    mode: fc.constantFrom("drain" as const, "discard" as const),
    unhandled: fc.constantFrom("dead-letters" as const, "left-to-senders" as const),
  })
  .map(event);
const supervised = [
  fc
    .constantFrom<LifeEvent<number>>({ type: "resume" }, { type: "ended", end: { type: "completed" } })
    .map((heard) => event(heard)),
  fc.constant(new Do("suspend", (shell) => shell.hear({ type: "suspend", isHandling: shell.inHand !== undefined }))),
  fc.boolean().map(
    (isInVain) =>
      new Do(isInVain ? "restart in vain" : "restart", (shell) => {
        if (shell.inHand !== undefined) return; // it is suspended first
        shell.startFails = isInVain;
        shell.hear({ type: "restart" });
      }),
  ),
];
const abandon = fc.boolean().map((isFinal) => event({ type: "abandon", isFinal }));
const broke = fc.constant(event({ type: "broke" }));

const usual = [deliver, take, handled];
/** What can come up; the same several times, to come up more often than an end. */
const lives = {
  "an actor without a supervisor": [...usual, ...usual, ...usual, broke, stops],
  "a supervised actor": [
    ...[usual, usual, usual, supervised, supervised, supervised, supervised, supervised].flat(),
    ...[take, fails, fails, stops, abandon],
  ],
};

describe.each(Object.entries(lives))("the life of %s", (_, kinds) => {
  it("does what its model does, ends once, and ends each message once", () => {
    fc.assert(
      fc.property(fc.commands(kinds, { maxCommands: 40, size: "max" }), (all) => {
        const shell = new Shell();
        fc.modelRun(() => ({ model: {}, real: shell }), all);
        shell.conclude("handled");
        shell.hear({ type: "stop", mode: "discard", unhandled: "dead-letters" });
        expect(isOver(shell.life)).toBe(true);
        expect(shell.ends).toBe(1);
        expect(shell.fates.size).toBe(shell.accepted);
        const last = shell.life;
        for (const type of ["idle", "handled", "resume", "restart", "begun"] as const) shell.hear({ type });
        expect(shell.life).toBe(last);
      }),
      { numRuns: 1_000 },
    );
  });
});
