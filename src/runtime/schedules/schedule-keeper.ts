/** Keeps the schedules of a system: wakes when one is due, and has decided what becomes of its time. */

import { isDeepStrictEqual } from "node:util";
import { Alarm } from "../../async/alarm.ts";
import { DueTimes } from "../../async/due-times.ts";
import { fromTimeOfDay, timeOfDay } from "../../async/time-of-day.ts";
import type { WatchedClock } from "../../ports/clock.ts";
import { caught, messageOf } from "../../errors/caught.ts";
import type { ErrorCode } from "../../errors/error-code.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import { subjectOf } from "../../store/client/change.ts";
import { isConflictError } from "../../store/versions/conflict-error.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { isOpen } from "../../workflows/history/run-state.ts";
import { Calendar } from "../../workflows/schedule/calendar.ts";
import * as machine from "../../workflows/schedule/schedule-machine.ts";
import {
  checkScheduleOptions,
  type ScheduleOptions,
  stateOf,
  timesOf,
} from "../../workflows/schedule/schedule-options.ts";
import type { BackfillOptions, TriggerOptions } from "../../workflows/schedule/schedule-requests.ts";
import { type ScheduleDecision, type ScheduleState, scheduleState } from "../../workflows/schedule/schedule-state.ts";
import { type ScheduleView, viewOfSchedule } from "../../workflows/schedule/schedule-view.ts";
import { shown } from "../../values/shown.ts";
import type { Untimed } from "../telemetry/system-events.ts";
import { checkDefinition } from "../definitions/check-definition.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import type { Runs } from "../workflows/runs.ts";
import type { Schedules } from "./schedules.ts";

export interface ScheduleKeeperOptions {
  readonly clock: WatchedClock;
  readonly store: Pick<OwnedStore, "snapshot" | "put" | "ids" | "erase">;
  readonly runs: Pick<Runs, "run" | "cancel" | "stored" | "workflowOf" | "codec">;
  readonly load: Pick<DefinitionLoader, "remember">;
  /** Throws once the system takes nothing more. */
  readonly checkOpen: () => void;
  readonly publish: (event: Untimed) => void;
}

/** The codes of errors that say that the run of a time can never be started. */
const hopeless = [
  ...["contract-violated", "not-cloneable", "message-too-large"],
  ...["invalid-options", "invalid-workflow", "run-exists"],
] as readonly ErrorCode[];

/** Milliseconds after which what could not be decided is looked at again: while too many runs wait, and otherwise. */
const again = { overloaded: 1_000, failed: 60_000 } as const;

type InputOfTime = (at: Date) => unknown;

export class ScheduleKeeper implements Schedules {
  readonly #options: ScheduleKeeperOptions;
  readonly #calendar = new Calendar();
  readonly #due = new DueTimes<string>();
  readonly #alarm: Alarm;
  /** The schedules that this system looks after. */
  readonly #kept = new Set<string>();
  /** The functions that make the inputs of runs, by schedule: they are not kept in the store. */
  readonly #inputs = new Map<string, InputOfTime>();
  /** The schedules that are being looked at, and whether each has to be looked at again after that. */
  readonly #busy = new Map<string, { isStale: boolean }>();
  /** By run: which schedules wait for its end. */
  readonly #held = new Map<string, Set<string>>();
  #life: "new" | "running" | "resting" = "new";
  #unwatch: () => void = () => undefined;

  constructor(options: ScheduleKeeperOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#ring());
  }

  /** From now on runs are started. @param all true to look after all schedules of the store, and not only those that are set here. */
  async start(all: boolean): Promise<void> {
    if (all) for (const id of await this.#options.store.ids(scheduleState)) this.#kept.add(id);
    if (this.#life !== "new") return;
    this.#life = "running";
    this.#unwatch = this.#options.clock.watch(() => this.#lookAtAll());
    this.#lookAtAll();
  }

  /** No run is started from now on. What is due is the next process's. */
  rest(): void {
    this.#life = "resting";
    this.#unwatch();
    this.#alarm.set(Number.POSITIVE_INFINITY);
  }

  /** A run has ended. */
  ended(run: string): void {
    const held = this.#held.get(run);
    this.#held.delete(run);
    for (const id of held ?? []) this.#look(id);
  }

  async set<Input, Output, Steps, Waits, Parts>(
    id: string,
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    options: ScheduleOptions,
    input: unknown,
  ): Promise<ScheduleView> {
    const { clock, runs, load, checkOpen } = this.#options;
    checkOpen();
    checkText("id", id);
    checkDefinition("schedules.set", ["workflow"], workflow);
    checkScheduleOptions(options);
    const definition = workflow as WorkflowDefinition;
    const { module, name, version } = definition;
    const isMapped = typeof input === "function";
    if (!isMapped) checkContract(definition.input, input, { agent: name, version, direction: "input", side: "sender" });
    const kept = isMapped ? undefined : { value: runs.codec.encode(input, `the input of the schedule ${id}`) };
    const now = timeOfDay(clock);
    this.#calendar.check(timesOf(options, now, undefined));
    const changed = await this.#change(id, (before) => stateOf({ module, name, version }, options, kept, now, before));
    load.remember(definition);
    if (isMapped) this.#inputs.set(id, input as InputOfTime);
    else this.#inputs.delete(id);
    this.#kept.add(id);
    this.#look(id);
    return viewOfSchedule(id, changed, this.#calendar);
  }

  async find(id: string): Promise<ScheduleView> {
    checkText("id", id);
    const found = await this.#options.store.snapshot(scheduleState, id);
    if (found === undefined) throw noSuchSchedule(id);
    return viewOfSchedule(id, found.state, this.#calendar);
  }

  async *list(): AsyncGenerator<ScheduleView, undefined> {
    const { store } = this.#options;
    for (const id of await store.ids(scheduleState)) {
      const found = await store.snapshot(scheduleState, id);
      if (found !== undefined) yield viewOfSchedule(id, found.state, this.#calendar);
    }
    return undefined;
  }

  async pause(id: string, reason?: string): Promise<ScheduleView> {
    if (reason !== undefined) checkText("reason", reason);
    return this.#changeOne(id, (state, now) => machine.pause(state, now, this.#calendar, reason));
  }

  async resume(id: string): Promise<ScheduleView> {
    return this.#changeOne(id, (state, now) => machine.resume(state, now, this.#calendar));
  }

  async trigger(id: string, options: TriggerOptions = {}): Promise<ScheduleView> {
    return this.#changeOne(id, (state, now) => machine.trigger(id, state, now, options));
  }

  async backfill(id: string, options: BackfillOptions): Promise<ScheduleView> {
    return this.#changeOne(id, (state, now) => machine.backfill(state, now, this.#calendar, options));
  }

  async remove(id: string, reason = "asked for"): Promise<void> {
    this.#options.checkOpen();
    checkText("reason", reason);
    await this.find(id);
    await this.#options.store.erase(scheduleState, id, { reason });
    this.#kept.delete(id);
    this.#inputs.delete(id);
    this.#set(id, Number.POSITIVE_INFINITY);
  }

  async #changeOne(id: string, next: (state: ScheduleState, now: number) => ScheduleState): Promise<ScheduleView> {
    this.#options.checkOpen();
    checkText("id", id);
    const state = await this.#change(id, (before) => {
      if (before === undefined) throw noSuchSchedule(id);
      return next(before, timeOfDay(this.#options.clock));
    });
    this.#look(id);
    return viewOfSchedule(id, state, this.#calendar);
  }

  /** Records the next state of a schedule, made from the newest one. */
  async #change(id: string, next: (before: ScheduleState | undefined) => ScheduleState): Promise<ScheduleState> {
    for (;;) {
      const found = await this.#options.store.snapshot(scheduleState, id);
      const state = next(found?.state);
      if (isDeepStrictEqual(state, found?.state) || (await this.#put(id, found, state))) return state;
    }
  }

  /** Commits `state` over `found`. Returns false if another change came first. */
  async #put(id: string, found: Snapshot | undefined, state: ScheduleState): Promise<boolean> {
    try {
      await this.#options.store.put(scheduleState, id, state, { expectedVersion: found?.version ?? 0 });
      return true;
    } catch (error) {
      if (isConflictError(error)) return false;
      throw error;
    }
  }

  #lookAtAll(): void {
    for (const id of this.#kept) this.#look(id);
  }

  #ring(): void {
    const due = this.#due.take(this.#options.clock.now());
    this.#alarm.set(this.#due.next);
    for (const id of due) this.#look(id);
  }

  #set(id: string, at: number): void {
    this.#due.set(id, at);
    if (this.#life === "running") this.#alarm.set(this.#due.next);
  }

  /** Decides what is due of a schedule, one decision after another, and sets the time at which it is looked at again. */
  #look(id: string): void {
    if (this.#life !== "running" || !this.#kept.has(id)) return;
    const busy = this.#busy.get(id);
    if (busy !== undefined) {
      busy.isStale = true;
      return;
    }
    const look = { isStale: false };
    this.#busy.set(id, look);
    const done = (at: number): void => {
      this.#busy.delete(id);
      if (look.isStale) this.#look(id);
      else this.#set(id, at);
    };
    this.#decideAll(id).then(done, (error: unknown) => {
      if (this.#life !== "running") return;
      this.#options.publish({ type: "schedule-failed", schedule: id, error });
      done(this.#options.clock.now() + again.failed);
    });
  }

  /** Returns when the schedule is to be looked at again, in the clock's milliseconds; Infinity for not by itself. */
  async #decideAll(id: string): Promise<number> {
    const { clock, store } = this.#options;
    while (this.#life === "running") {
      const found = await store.snapshot(scheduleState, id);
      if (found === undefined) return Number.POSITIVE_INFINITY;
      const { state } = found;
      const last = await this.#lastRun(state);
      const verdict = machine.decide(id, state, { calendar: this.#calendar, now: timeOfDay(clock), last });
      if (verdict.kind === "rest") return fromTimeOfDay(clock, verdict.until);
      if (verdict.kind === "pass") await this.#record(id, found, verdict.decision);
      else if (verdict.kind === "hold") {
        const { run, until } = verdict;
        this.#held.set(run, (this.#held.get(run) ?? new Set()).add(id));
        if (verdict.cancels) await this.#cancel(run, `the schedule ${id} is due again`);
        if ((await this.#lastRun(state)).isOpen) return fromTimeOfDay(clock, until); // its end is told from now on
      } else {
        const pause = await this.#startRun(id, found, verdict.run, verdict.decision);
        if (pause > 0) return clock.now() + pause;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Records a decision that starts no run. Returns false if another change came first. */
  async #record(id: string, found: Snapshot<ScheduleState>, decision: ScheduleDecision): Promise<boolean> {
    const isRecorded = await this.#put(id, found, machine.record(found.state, decision, this.#calendar));
    if (isRecorded) this.#options.publish({ type: "schedule-decided", schedule: id, decision });
    return isRecorded;
  }

  /** A run that is past its point of no return goes on to its end. */
  async #cancel(run: string, reason: string): Promise<void> {
    try {
      await this.#options.runs.cancel(run, reason);
    } catch (error) {
      if (!isTroupeError(error, "past-point-of-no-return")) throw error;
    }
  }

  async #lastRun({ run }: ScheduleState): Promise<machine.LastRun> {
    const newest = run === undefined ? undefined : await this.#options.runs.stored.newestVersion(run);
    if (newest === undefined) return { isOpen: false, endedAt: Number.NEGATIVE_INFINITY }; // it was forgotten, or there is none
    return isOpen(newest.state) ? { isOpen: true } : { isOpen: false, endedAt: newest.time };
  }

  /** Starts the run of a time, in one commit with the decision. Returns after how many milliseconds to look again: 0 for at once, Infinity for not by itself. */
  async #startRun(
    id: string,
    found: Snapshot<ScheduleState>,
    run: string,
    decision: ScheduleDecision,
  ): Promise<number> {
    const { runs, publish } = this.#options;
    const { state } = found;
    const { workflow, tenant, timeout, queue } = state;
    if (decision.by === "backfill" && (await runs.stored.newestVersion(run)) !== undefined) {
      await this.#put(id, found, machine.passOver(state, decision, this.#calendar));
      return 0;
    }
    const next = machine.record(state, decision, this.#calendar);
    const definition = await runs.workflowOf(workflow);
    const map = this.#inputs.get(id);
    if (state.input === undefined && map === undefined) return Number.POSITIVE_INFINITY; // until it is set here
    if (this.#life !== "running") return Number.POSITIVE_INFINITY;
    let isOvertaken = false;
    const evolution = {
      subject: subjectOf(scheduleState, id),
      next(newest: ScheduleState): ScheduleState {
        isOvertaken = !isDeepStrictEqual(newest, state);
        if (isOvertaken) throw noSuchSchedule(id); // any error: it ends the commit, and is not told
        return next;
      },
    };
    const giveUp = async (error: unknown): Promise<number> => {
      if (await this.#record(id, found, machine.asFailed(decision, messageOf(error))))
        publish({ type: "schedule-failed", schedule: id, error });
      return 0;
    };
    try {
      const input = map === undefined ? runs.codec.decode(state.input?.value) : inputBy(map, decision.at);
      const options = {
        id: run,
        onOverload: "wait" as const,
        ...(tenant === undefined ? {} : { tenant }),
        ...(timeout === undefined ? {} : { timeout }),
        ...(queue === undefined ? {} : { queue }),
      };
      await runs.run(definition, input, options, evolution).started;
      publish({ type: "schedule-decided", schedule: id, decision });
      return 0;
    } catch (error) {
      if (isOvertaken || isTroupeError(error, "no-such-key")) return 0; // it was changed, or removed
      if (isTroupeError(error, "system-closed")) return Number.POSITIVE_INFINITY;
      if (isTroupeError(error, "overloaded") || isTroupeError(error, "queue-full")) return again.overloaded;
      if (!hopeless.some((code) => isTroupeError(error, code))) throw error;
      return giveUp(error);
    }
  }
}

/** @throws TroupeError `invalid-options` with what the function threw as its cause. */
function inputBy(map: InputOfTime, at: number): unknown {
  try {
    return map(new Date(at));
  } catch (thrown) {
    const what = `schedules.set: input: the function threw for ${new Date(at).toISOString()}`;
    throw new TroupeError("invalid-options", `${what}: ${messageOf(thrown)}`, { cause: caught(thrown) });
  }
}

/** @throws TroupeError `invalid-options` */
function checkText(what: string, given: unknown): void {
  if (typeof given === "string" && given !== "") return;
  throw new TroupeError("invalid-options", `schedules: ${what} is a text, and not an empty one, not ${shown(given)}`);
}

function noSuchSchedule(id: string): TroupeError {
  return new TroupeError("no-such-schedule", `there is no schedule ${id} in the store`, { details: { schedule: id } });
}
