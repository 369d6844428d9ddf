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
import type { Parts } from "./history/parts.ts";
import { checkTraceOptions, type TraceOptions } from "../traces/content.ts";
import type { Span } from "../traces/span.ts";
import { follow, type StreamItem, streamOf, type StreamSources, textOf } from "./run-stream.ts";
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

/** What a handle needs from the system. */
export interface RunHandlePorts {
  cancel(run: string, reason?: string): Promise<void>;
  /** Answers a wait of the run. */
  tell(wait: string, answer: unknown, options: TellOptions): Promise<void>;
  /** From now on some code listens to what the run's attempts emit. */
  listen(): void;
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
  /** The workflow that it is a run of. */
  readonly workflow: WorkflowId;
  readonly started: Promise<void>;
  readonly #ports: RunHandlePorts;
  readonly #result: Deferred<Output>;
  readonly #begun: Deferred<void>;
  readonly #past: RunRecord[] = [];
  /** Versions whose records were not read yet, as records are made only when a reader needs them; and parts, in one order. */
  readonly #unseen: (Snapshot<RunState> | Parts)[] = [];
  #isShowing = false;
  #isOver = false;
  #isAttended = false;
  #failure: { readonly error: unknown } | undefined;
  readonly #live = new Subject<RunRecord>();
  readonly #parts = new Subject<Parts>();
  /** How far the attempts in flight have come, as its listeners were told. */
  readonly #progress = new Map<string, { readonly attempt: number; next: number }>();

  constructor(id: string, workflow: WorkflowId, ports: RunHandlePorts) {
    this.id = id;
    this.workflow = workflow;
    this.#ports = ports;
    this.#result = quietly<Output>();
    const started = quietly<void>();
    this.started = started.promise;
    this.#begun = started;
  }

  get result(): Promise<Output> {
    this.#isAttended = true;
    return this.#result.promise;
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
      for (const record of this.#past) subscriber.next(record);
      return this.#live.subscribe(subscriber);
    });
  }

  get stream$(): Observable<StreamItem> {
    return quietStream(this.#items$());
  }

  text(step: string): Observable<string> {
    return quietStream(textOf(this.#items$(), step));
  }

  /** True while code listens to what the run's attempts emit. */
  get isHeard(): boolean {
    return this.#parts.observed;
  }

  /** Takes in what an attempt in flight has emitted. */
  take(parts: Parts): void {
    if (!this.#parts.observed) return;
    this.#unseen.push(parts);
    this.#show();
  }

  #items$(): Observable<StreamItem> {
    const parts$ = new Observable<Parts>((subscriber) => {
      const isFirst = !this.#parts.observed;
      subscriber.add(this.#parts.subscribe(subscriber));
      if (isFirst) this.#ports.listen();
    });
    const sources: StreamSources = { records$: this.#records$(), parts$, progress: this.#progress };
    return streamOf(sources);
  }

  async cancel(reason?: string): Promise<void> {
    if (reason !== undefined) checkText("cancel: reason", reason);
    await this.#ports.cancel(this.id, reason);
  }

  async tell(wait: string, answer: unknown, options: TellOptions = {}): Promise<void> {
    checkOptions("tell", tellOptions, options);
    await this.#ports.tell(wait, answer, options);
  }

  async retryCompensation(): Promise<Run<Output>> {
    return (await this.#ports.retryCompensation(this.id)) as Run<Output>;
  }

  async resolve(note: string): Promise<void> {
    checkText("resolve: note", note);
    await this.#ports.resolve(this.id, note);
  }

  async history(): Promise<RunRecord[]> {
    return this.#records(await this.#ports.versions(this.id));
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
    const pending = pendingOf(state, this.#ports.codec).find((one) => one.step === step);
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
    this.#unseen.push(snapshot);
    this.#begun.resolve();
    this.#isOver = !isOpen(snapshot.state) && !goesOn;
    if (this.#live.observed) this.#show();
    else if (this.#isOver) this.#live.complete();
    if (!this.#isOver) return;
    if (snapshot.state.status === "completed")
      this.#result.resolve(this.#ports.codec.decode(outputOf(snapshot.state)) as Output);
    else this.#reject(runError(this.id, snapshot.state));
  }

  /** The run can't go on. The end of the system ends its events; any other reason is their error. */
  break(error: unknown): void {
    if (isTroupeError(error, "system-closed")) this.#live.complete();
    else this.#live.error(error);
    this.#reject(error);
    this.#begun.reject(error);
  }

  #reject(error: unknown): void {
    this.#failure ??= { error };
    this.#result.reject(error);
  }

  /** A subscriber may cause the next version, by cancelling: that one waits until all subscribers have got this one. */
  #show(): void {
    if (this.#isShowing) return;
    this.#isShowing = true;
    for (let next = this.#unseen.shift(); next !== undefined; next = this.#unseen.shift()) {
      if ("values" in next) this.#showParts(next);
      else this.#showVersion(next);
    }
    this.#isShowing = false;
    if (this.#isOver) this.#live.complete();
  }

  #showVersion(version: Snapshot<RunState>): void {
    for (const record of this.#records([version])) {
      this.#past.push(record);
      follow(this.#progress, record);
      this.#live.next(record);
    }
  }

  #showParts(parts: Parts): void {
    const { step, index, values } = parts;
    const progress = this.#progress.get(step);
    if (progress !== undefined) progress.next = index + values.length;
    this.#parts.next({ ...parts, values: values.map((value) => this.#ports.codec.decode(value)) });
  }

  #records(versions: Iterable<Snapshot<RunState>>): RunRecord[] {
    return recordsOf(this.id, versions, this.#ports.codec);
  }
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
