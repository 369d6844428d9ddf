/** The implementation of {@link Run}, fed with the versions of the run's key. */

import * as v from "valibot";
import { checkOptions } from "../contracts/check-options.ts";
import { shown } from "../values/shown.ts";
import { Observable, Subject } from "rxjs";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import { quietStream } from "../async/quiet-stream.ts";
import { type Deferred, deferred } from "../async/deferred.ts";
import type { Snapshot, VersionAt } from "../store/versions/snapshot.ts";
import type { PayloadCodec } from "../contracts/payload-codec.ts";
import type { WorkflowId } from "./definition/workflow-definition.ts";
import type { Run } from "./run.ts";
import type { Parts } from "./definition/parts.ts";
import { checkTraceOptions, type TraceOptions } from "../traces/content.ts";
import type { Span } from "../traces/span.ts";
import { follow, type Progress, streamOf, textOf } from "./run-stream.ts";
import type { StreamItem } from "./stream-item.ts";
import { StreamLoop } from "./stream-loop.ts";
import type { TellOptions } from "./definition/tell-options.ts";
import { type RunRecord, recordsOf } from "./history/run-history.ts";
import { outputOf } from "./history/run-note.ts";
import { type Pending, pendingOf } from "./history/run-pending.ts";
import { stepOf } from "./history/run-progress.ts";
import { isOpen, newRun, type RunState } from "./history/run-state.ts";
import { type RunView, type ViewOptions, viewOf } from "./history/run-view.ts";
import { pendingInWords, whyInWords } from "./history/run-words.ts";
import { spansOf } from "./history/spans-of-run.ts";
import { runError } from "./run-error.ts";

/** What the handles of a system need from it. */
export interface RunHandlePorts {
  cancel(run: RunHandle, reason?: string): Promise<void>;
  /** Answers a wait of the run. */
  tell(run: RunHandle, wait: string, answer: unknown, options: TellOptions): Promise<void>;
  /** From now on some code listens to what the run's attempts emit. */
  listen(run: string): void;
  /** The newest version of the run's key; `undefined` before its first. */
  newest(run: string): Promise<Snapshot<RunState> | undefined>;
  /**
   * One version of the run's key.
   *
   * @throws TroupeError (as a rejection) `no-such-version`, `erased`, `invalid-options`.
   */
  at(run: string, when: VersionAt): Promise<Snapshot<RunState>>;
  /** All versions of the run's key, oldest first. */
  versions(run: string): Promise<Iterable<Snapshot<RunState>>>;
  /** Has the failed compensation tried again. Returns another handle on the run. */
  retryCompensation(run: string): Promise<Run>;
  undo(run: string, reason: string | undefined): Promise<Run>;
  resolve(run: string, note: string): Promise<void>;
  readonly codec: PayloadCodec;
}

/**
 * A {@link Run} that shows the versions it is given. Its owner passes every version of the run to {@link
 * RunHandle.observe}, in order, and calls {@link RunHandle.break} if the run can't go on. It decides nothing about the
 * run.
 */
export class RunHandle<Output = unknown> implements Run<Output> {
  readonly id: string;
  /** The workflow that it is a run of: the definition that it follows now. */
  workflow: WorkflowId;
  readonly #ports: RunHandlePorts;
  // what code may ask for is made when it does: of 100,000 runs that wait, few are looked at
  #result: Deferred<unknown> | undefined;
  /** Present while code waits for the start. */
  #starting: Deferred<void> | undefined;
  #past: RunRecord[] | undefined;
  /** Versions whose records were not read yet, as records are made only when a reader needs them; and parts, in one order. */
  #unseen: (Snapshot<RunState> | Parts)[] | undefined;
  /** The first and the last version that were let go unseen, as the run was parked. */
  #letGo: { readonly first: number; readonly last: number } | undefined;
  /** Present while those are read again. */
  #reading: Promise<void> | undefined;
  #isShowing = false;
  #isBegun = false;
  #isOver = false;
  #isAttended = false;
  #output: { readonly value: unknown } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #live: Subject<RunRecord> | undefined;
  /** Present once no record comes any more. */
  #end: { readonly error?: unknown } | undefined;
  #parts: Subject<Parts> | undefined;
  /** How far the attempts in flight have come, as its listeners were told. */
  #progress: Map<string, Progress> | undefined;

  constructor(id: string, workflow: WorkflowId, ports: RunHandlePorts) {
    this.id = id;
    this.workflow = workflow;
    this.#ports = ports;
  }

  get started(): Promise<void> {
    if (this.#isBegun) return Promise.resolve();
    if (this.#starting === undefined) {
      this.#starting = quietly<void>();
      if (this.#failure !== undefined) this.#starting.reject(this.#failure.error);
    }
    return this.#starting.promise;
  }

  get result(): Promise<Output> {
    this.#isAttended = true;
    if (this.#result === undefined) {
      this.#result = quietly<unknown>();
      if (this.#output !== undefined) this.#result.resolve(this.#output.value);
      else if (this.#failure !== undefined) this.#result.reject(this.#failure.error);
    }
    return this.#result.promise as Promise<Output>;
  }

  /** True once code has taken the result or subscribed to the events: then it is told of a failure. */
  get isAttended(): boolean {
    return this.#isAttended;
  }

  /** The error that the result rejects with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  get events$(): Observable<RunRecord> {
    return quietStream(this.#records$());
  }

  #records$(): Observable<RunRecord> {
    return new Observable((subscriber) => {
      this.#isAttended = true;
      this.#show();
      // also covers records that are added meanwhile, because of something the subscriber does
      for (const record of (this.#past ??= [])) subscriber.next(record);
      return this.#records().subscribe(subscriber);
    });
  }

  #records(): Subject<RunRecord> {
    if (this.#live === undefined) {
      this.#live = new Subject();
      this.#endRecords();
    }
    return this.#live;
  }

  #endRecords(): void {
    if (this.#end === undefined) return;
    if ("error" in this.#end) this.#live?.error(this.#end.error);
    else this.#live?.complete();
  }

  get stream$(): Observable<StreamItem> {
    return quietStream(this.#items$());
  }

  stream(): AsyncIterableIterator<StreamItem> {
    return new StreamLoop(this.#items$());
  }

  text(step: string): Observable<string> {
    return quietStream(textOf(this.#items$(), step));
  }

  /** True while code listens to what the run's attempts emit. */
  get isHeard(): boolean {
    return this.#parts?.observed === true;
  }

  /** Takes in what an attempt in flight has emitted. */
  take(parts: Parts): void {
    if (!this.isHeard) return;
    (this.#unseen ??= []).push(parts);
    this.#show();
  }

  #items$(): Observable<StreamItem> {
    const parts$ = new Observable<Parts>((subscriber) => {
      const isFirst = !this.isHeard;
      subscriber.add((this.#parts ??= new Subject()).subscribe(subscriber));
      if (isFirst) this.#ports.listen(this.id);
    });
    const progress = (this.#progress ??= new Map<string, Progress>());
    return streamOf({ records$: this.#records$(), parts$, progress });
  }

  async cancel(reason?: string): Promise<void> {
    if (reason !== undefined) checkText("cancel: reason", reason);
    await this.#ports.cancel(this, reason);
  }

  async tell(wait: string, answer: unknown, options: TellOptions = {}): Promise<void> {
    checkOptions("tell", tellOptions, options);
    await this.#ports.tell(this, wait, answer, options);
  }

  async retryCompensation(): Promise<Run<Output>> {
    return (await this.#ports.retryCompensation(this.id)) as Run<Output>;
  }

  async undo(reason?: string): Promise<Run<Output>> {
    if (reason !== undefined) checkText("undo: reason", reason);
    return (await this.#ports.undo(this.id, reason)) as Run<Output>;
  }

  async resolve(note: string): Promise<void> {
    checkText("resolve: note", note);
    await this.#ports.resolve(this.id, note);
  }

  async history(): Promise<RunRecord[]> {
    return this.#recordsOf(await this.#ports.versions(this.id));
  }

  async trace(options: TraceOptions = {}): Promise<readonly Span[]> {
    checkTraceOptions("trace", options);
    return spansOf(await this.history(), options);
  }

  async view(options: ViewOptions = {}): Promise<RunView> {
    checkOptions("view", viewOptions, options);
    const { at } = options;
    const version = at === undefined ? await this.#newest() : await this.#ports.at(this.id, at);
    return viewOf(this.id, version, this.#ports.codec);
  }

  async pending(): Promise<readonly Pending[]> {
    return pendingOf((await this.#newest()).state, this.#ports.codec);
  }

  async why(step: string): Promise<string> {
    const { state } = await this.#newest();
    const said = stepOf(state, step) && whyInWords(step, await this.history());
    if (said !== undefined) return said;
    const names = state.steps.outline.map(({ name }) => name);
    if (!names.includes(step))
      throw new TroupeError(
        "invalid-options",
        `why: the run ${this.id} has no step ${shown(step)}; it has ${names.join(", ")}`,
      );
    const pending = pendingOf(state, this.#ports.codec).find((one) => isAround(one.step, step));
    return pending === undefined ? `${step} was not begun when the run turned back or ended` : pendingInWords(pending);
  }

  /** The newest version, or that of a run that waits for its turn. */
  async #newest(): Promise<Snapshot<RunState>> {
    const key = `run/${this.id}`;
    const nothing = { key, version: 0, parent: 0, author: "", time: 0, position: 0, schema: 1 };
    return (await this.#ports.newest(this.id)) ?? { ...nothing, state: { ...newRun, workflow: this.workflow } };
  }

  /**
   * Takes in the next version of the run. A version with the run's end settles everything, unless the run goes on from
   * that end.
   */
  observe(snapshot: Snapshot<RunState>, goesOn = false): void {
    (this.#unseen ??= []).push(snapshot);
    this.workflow = snapshot.state.workflow;
    this.#isBegun = true;
    this.#starting?.resolve();
    this.#starting = undefined;
    this.#isOver = !isOpen(snapshot.state) && !goesOn;
    if (this.#live?.observed === true) this.#show();
    if (!this.#isOver) return;
    if (snapshot.state.status !== "completed") return this.#reject(runError(this.id, snapshot.state));
    this.#output ??= { value: this.#ports.codec.decode(outputOf(snapshot.state)) };
    this.#result?.resolve(this.#output.value);
  }

  /** The run goes on from a version that another process recorded: those up to it are read for the code that asks for the run. */
  goOnFrom(snapshot: Snapshot<RunState>): void {
    this.observe(snapshot, true);
    this.#unseen = undefined;
    this.#letGo = { first: 1, last: snapshot.version };
  }

  /** The run is parked. Versions that no code has looked at are let go, and read again once some code does. */
  rest(): void {
    if (this.#live?.observed === true || this.#isShowing) return;
    const numbers = (this.#unseen ?? []).flatMap((one) => ("values" in one ? [] : [one.version]));
    const [first] = numbers;
    const last = numbers.at(-1);
    if (first !== undefined && last !== undefined) this.#letGo = { first: this.#letGo?.first ?? first, last };
    this.#unseen = undefined;
  }

  /** Has at hand again what was let go, for code that asks for the run: it gets all events so far as it subscribes. Rejects if it can't be read. */
  async recall(): Promise<this> {
    if (this.#letGo !== undefined && !this.#isShowing) this.#readAgain(this.#letGo);
    await this.#reading;
    return this;
  }

  /** The run can't go on. */
  break(error: unknown): void {
    this.#breakOff(error);
    this.#reject(error);
    this.#starting?.reject(error);
  }

  /** No event comes any more. The end of the system ends the events; any other reason is their error. */
  #breakOff(error: unknown): void {
    const isSystems = isTroupeError(error, "system-closed") || isTroupeError(error, "ownership-lost");
    this.#end ??= isSystems ? {} : { error };
    this.#endRecords();
  }

  #reject(error: unknown): void {
    this.#failure ??= { error };
    this.#result?.reject(error);
  }

  /** A subscriber may cause the next version, by cancelling: that one waits until all subscribers have got this one. */
  #show(): void {
    if (this.#isShowing) return;
    if (this.#letGo !== undefined) return this.#readAgain(this.#letGo);
    this.#isShowing = true;
    for (let next = this.#unseen?.shift(); next !== undefined; next = this.#unseen?.shift()) {
      if ("values" in next) this.#showParts(next);
      else this.#showVersion(next);
    }
    this.#isShowing = false;
    if (!this.#isOver) return;
    this.#end ??= {};
    this.#endRecords();
  }

  /** Reads what was let go. Shows it, and then what has come meanwhile, if some code listens by then. */
  #readAgain(letGo: { readonly first: number; readonly last: number }): void {
    const { first, last } = letGo;
    this.#letGo = undefined;
    this.#isShowing = true;
    const over = (): void => {
      this.#reading = undefined;
      this.#isShowing = false;
      if (this.#live?.observed === true) this.#show();
    };
    this.#reading = this.#ports.versions(this.id).then(
      (versions) => {
        const wanted = [...versions].filter(({ version }) => version >= first && version <= last);
        this.#unseen = [...wanted, ...(this.#unseen ?? [])];
        over();
      },
      (error: unknown) => {
        this.#letGo = letGo;
        if (this.#live?.observed === true) this.#breakOff(error);
        over();
        throw error;
      },
    );
    this.#reading.catch(() => undefined); // listeners get the error from the events, and callers from `recall`
  }

  #showVersion(version: Snapshot<RunState>): void {
    for (const record of this.#recordsOf([version])) {
      (this.#past ??= []).push(record);
      follow((this.#progress ??= new Map()), record);
      this.#live?.next(record);
    }
  }

  #showParts(parts: Parts): void {
    const { step, index, values } = parts;
    const progress = this.#progress?.get(step);
    if (progress !== undefined) progress.next = index + values.length;
    this.#parts?.next({ ...parts, values: values.map((value) => this.#ports.codec.decode(value)) });
  }

  #recordsOf(versions: Iterable<Snapshot<RunState>>): RunRecord[] {
    return recordsOf(this.id, versions, this.#ports.codec);
  }
}

/** True for a step and for the sub-workflows that it belongs to: before they begin, only they wait. */
function isAround(path: string, step: string): boolean {
  return path === step || step.startsWith(`${path}/`);
}

/** The store says what is wrong with a version or a time. */
const viewOptions = v.strictObject({ at: v.optional(v.custom<VersionAt>(() => true)) });
const tellOptions = v.strictObject({ by: v.optional(v.string()), idempotencyKey: v.optional(v.string()) });

/** A promise whose rejection doesn't end the process when it has no handler; the promise itself still rejects. */
function quietly<T>(): Deferred<T> {
  const made = deferred<T>();
  made.promise.catch(() => undefined);
  return made;
}

/** A person's note is kept in the run's history, where anything but a string could break the run. */
function checkText(what: string, given: unknown): void {
  if (typeof given !== "string") throw new TroupeError("invalid-options", `${what} is a string, not ${typeof given}`);
}
