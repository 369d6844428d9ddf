/** What an actor does while it handles a message, as spans in that one's. */

import { type ActiveSpan, activeSpan, checkName } from "../../traces/active-span.ts";
import { endWith, OpenSpan, type Recorder } from "../../traces/recorder.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Attributes, SpanKind } from "../../traces/span.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Position, Snapshot, SnapshotMeta } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { ThroughStore } from "../../store/versions/through-store.ts";

/** Where work is recorded. */
export interface RecordedSite {
  readonly recorder: Recorder | undefined;
  /** The place in a trace that the work is in; `undefined` for none. */
  trace(): TraceContext | undefined;
}

export interface WorkSpan {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
}

/** Begins a span in what is going on; `undefined` where that has none. */
function beginIn({ recorder, trace }: RecordedSite, { name, kind, attributes }: WorkSpan): OpenSpan | undefined {
  const around = trace();
  return recorder === undefined || around === undefined ? undefined : recorder.begin(around, name, attributes, kind);
}

/** Runs code within a span of its own. `shape` makes of the span what the code gets. */
export async function withSpan<T, S extends ActiveSpan>(
  site: RecordedSite,
  about: WorkSpan,
  work: (span: S) => T | Promise<T>,
  shape: (span: ActiveSpan, open: OpenSpan | undefined) => S,
  done?: (value: T, span: OpenSpan) => void,
): Promise<T> {
  const open = beginIn(site, about);
  const span = shape(activeSpan(open, site.trace()), open);
  try {
    const value = await work(span);
    if (open !== undefined) done?.(value, open);
    open?.end();
    return value;
  } catch (thrown) {
    open?.fail(thrown);
    throw thrown;
  }
}

/** @throws TroupeError `invalid-options` for a name that is no text. */
export function ownSpan(name: string): WorkSpan {
  return { name: checkName("span", name) };
}

/** Commits within a span, which says to which version, and how often others were first. */
export function recordCommit<T, R extends (...given: never[]) => unknown>(
  site: RecordedSite,
  about: { readonly name: string; readonly key: string },
  recipe: R,
  commit: (recipe: R, trace: string | undefined) => Promise<T>,
  landed: (value: T) => readonly Snapshot[],
): Promise<T> {
  const attributes = { [names.spanType]: "MEMORY", [names.stateKey]: about.key };
  const span = beginIn(site, { name: `commit ${about.name}`, attributes });
  if (span === undefined) return commit(recipe, undefined);
  let runs = 0;
  const counted = ((...given) => {
    if (runs++ > 0) span.set({ [names.conflicts]: runs - 1 });
    return recipe(...given);
  }) as R;
  return endWith(span, commit(counted, span.traceparent), (value) => {
    const versions = landed(value);
    for (const { key, parent } of versions) if (parent > 0) span.linkToVersion(key, parent);
    for (const { version, position } of versions)
      span.set({ [names.stateVersion]: version, [names.position]: position });
  });
}

/** Notes in the span of the work that it read a version. */
export function recordRead(trace: TraceContext | undefined, { key, version }: SnapshotMeta): void {
  if (trace instanceof OpenSpan) trace.read(key, version);
}

/** The store, with a span for each read that has to wait until this thread has seen what the message's sender had. */
export function recordWaits(store: StoreAccess, site: RecordedSite): StoreAccess {
  return site.recorder === undefined ? store : new RecordedStore(store, site);
}

class RecordedStore extends ThroughStore {
  readonly #site: RecordedSite;

  constructor(store: StoreAccess, site: RecordedSite) {
    super(store);
    this.#site = site;
  }

  override snapshot(key: StateKey, token: Position): MaybePromise<Snapshot | undefined> {
    const isBehind = this.position < token;
    const found = super.snapshot(key, token);
    if (!isBehind || !(found instanceof Promise)) return found;
    const attributes = { [names.stateKey]: key, [names.token]: token };
    return endWith(beginIn(this.#site, { name: names.readWait, attributes }), found);
  }
}
