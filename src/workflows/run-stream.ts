/** A run's stream: its events, and between them what its agents emit, in one order (invariant 16). */

import { Observable } from "rxjs";
import { TroupeError } from "../errors/troupe-error.ts";
import { shown } from "../values/shown.ts";
import type { Parts } from "./definition/parts.ts";
import type { RunRecord } from "./history/run-history.ts";
import type { StreamItem } from "./stream-item.ts";
import { attemptOf } from "./history/run-progress.ts";

/** How far an attempt has come: the number of its next part. */
export interface Progress {
  readonly attempt: number;
  next: number;
}

export interface StreamSources {
  /** The run's events, also those so far. */
  readonly records$: Observable<RunRecord>;
  /** What its attempts emit from now on, each before the event of its end. Their values are decoded. */
  readonly parts$: Observable<Parts>;
  /** How far the attempts in flight have come for the listeners that are there already, by step. */
  readonly progress: ReadonlyMap<string, Progress>;
}

/** Each subscriber is told of the parts that it misses. */
export function streamOf({ records$, parts$, progress }: StreamSources): Observable<StreamItem> {
  return new Observable((subscriber) => {
    const seen = new Map<string, Progress>();
    const upTo = (step: string, attempt: number, index: number): void => {
      const own = seen.get(step);
      if (own?.attempt !== attempt || own.next >= index) return;
      const lost = index - own.next;
      own.next = index;
      subscriber.next({ kind: "gap", step, attempt, lost });
    };
    const records = records$.subscribe({
      next: (record) => {
        follow(seen, record);
        subscriber.next({ kind: "event", record });
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    subscriber.add(records);
    if (subscriber.closed) return;
    for (const [step, { attempt, next }] of progress) upTo(step, attempt, next);
    subscriber.add(
      parts$.subscribe(({ step, attempt, index, values }) => {
        upTo(step, attempt, index);
        const own = seen.get(step);
        if (own?.attempt !== attempt) return;
        own.next = index + values.length;
        for (let i = 0; i < values.length; i++)
          subscriber.next({ kind: "part", step, attempt, index: index + i, value: values[i] });
      }),
    );
  });
}

/** Keeps which attempts are in flight, by step. */
export function follow(progress: Map<string, Progress>, { event }: RunRecord): void {
  if (event.type === "step-started") progress.set(event.step, { attempt: attemptOf(event), next: 0 });
  else if (event.type === "step-finished" || event.type === "step-failed") progress.delete(event.step);
}

/** The text that the newest attempt at a step has emitted so far. */
export function textOf(stream$: Observable<StreamItem>, step: string): Observable<string> {
  return new Observable((subscriber) => {
    let text = "";
    const show = (longer: string): void => subscriber.next((text = longer));
    return stream$.subscribe({
      next: (item) => {
        if (item.kind === "event") {
          const { event } = item.record;
          if (event.type === "run-started" && !event.steps.some(({ name }) => name === step))
            subscriber.error(
              noStep(
                item.record.run,
                step,
                event.steps.map(({ name }) => name),
              ),
            );
          else if (!("step" in event) || event.step !== step) return;
          else if (event.type === "step-started" && text !== "") show("");
          else if (event.type === "step-finished" || event.type === "step-skipped") subscriber.complete();
        } else if (item.step !== step) return;
        else if (item.kind === "gap") show(`${text}…`);
        else if (typeof item.value === "string") show(text + item.value);
        else subscriber.error(noText(step, item.value));
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  });
}

function noStep(run: string, step: string, steps: readonly string[]): TroupeError {
  return new TroupeError(
    "invalid-options",
    `text: the run ${run} has no step ${shown(step)}; it has ${steps.join(", ")}`,
  );
}

function noText(step: string, part: unknown): TroupeError {
  return new TroupeError(
    "invalid-options",
    `text: the step ${step} emits parts that are no text, such as ${shown(part)}. Follow it by stream$.`,
  );
}
