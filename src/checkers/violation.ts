/** What is wrong with a history that isn't linearizable, made small enough to read. */

import { LinearizabilitySearch } from "./linearizability-search.ts";
import { type Operation, withoutAnswer } from "./operation.ts";
import { operationText } from "./operation-text.ts";
import type { SequentialModel } from "./sequential-model.ts";
import { timeline } from "./timeline.ts";

/**
 * A part of a history that no order explains.
 *
 * @since 0.1.0
 * @experimental
 */
export interface Violation<Input = unknown, Output = unknown> {
  /** Which part of the model it is, such as a key; absent if the model has one part. */
  readonly part?: string;
  /** The operations that can't all be true, in the order of their calls. */
  readonly operations: readonly Operation<Input, Output>[];
  /** Operations of that part that took effect at any time after their call, or never. In either case {@link operations} can't all be true. */
  readonly others: readonly Operation<Input, Output>[];
  /** The last answer of {@link operations}: up to it, an order explains the history. */
  readonly last: Operation<Input, Output>;
  /** For people: the operations drawn along the time, and what is wrong in words. */
  readonly text: string;
}

/** How many orders each try at a smaller history explores. A try that isn't decided by then keeps what it would have left out. */
const budget = 20_000;

/**
 * Makes a history that isn't linearizable small.
 *
 * Nothing is made up: it is cut off after the first answer that can't be explained, reads are left out, and other answers are forgotten, as
 * long as what is left can't be explained. Each of these only allows more.
 */
export function shrinkViolation<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): Violation<Input, Output> {
  const isWrong = (operations: readonly Operation<Input, Output>[]): boolean =>
    new LinearizabilitySearch(model, operations).advance(budget) === false;

  const { cut, last } = firstWrong(history, isWrong);
  const isRead = (operation: Operation<Input, Output>): boolean => model.readsOnly?.(operation.input) === true;
  const isKept = (operation: Operation<Input, Output>): boolean =>
    operation.returned !== undefined || !isRead(operation);
  let kept = cut.filter(isKept).toSorted((a, b) => a.called - b.called);
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; from += size) {
      const loosened = kept.flatMap((operation, at): readonly Operation<Input, Output>[] => {
        if (at < from || at >= from + size || operation === last || operation.returned === undefined)
          return [operation];
        return isRead(operation) ? [] : [withoutAnswer(operation)];
      });
      if (isWrong(loosened)) kept = loosened;
    }
  }
  const operations = kept.filter(({ returned }) => returned !== undefined);
  const others = kept.filter(({ returned }) => returned === undefined);
  const part = model.partition?.(last.input);
  const text = [
    ...timeline(operations, last),
    "",
    `No order of these operations explains the last answer of ${last.process}: ${operationText(last)}.`,
    ...othersText(others),
  ].join("\n");
  return { ...(part === undefined ? {} : { part }), operations, others, last, text };
}

/** The history up to the first answer that, with all before it, has no explanation. */
function firstWrong<Input, Output>(
  history: readonly Operation<Input, Output>[],
  isWrong: (operations: readonly Operation<Input, Output>[]) => boolean,
): { readonly cut: readonly Operation<Input, Output>[]; readonly last: Operation<Input, Output> } {
  const finished = history.filter(({ returned }) => returned !== undefined);
  finished.sort((a, b) => (a.returned ?? 0) - (b.returned ?? 0));
  const cutAfter = (count: number): readonly Operation<Input, Output>[] => {
    const answered = new Set(finished.slice(0, count));
    const end = finished[count - 1]?.returned ?? 0;
    return history.flatMap((operation) => {
      if (operation.called > end) return [];
      return [answered.has(operation) ? operation : withoutAnswer(operation)];
    });
  };
  // whatever is added to a history that is wrong, it stays wrong
  let right = 0;
  let wrong = finished.length;
  while (wrong - right > 1) {
    const middle = (right + wrong) >>> 1;
    if (isWrong(cutAfter(middle))) wrong = middle;
    else right = middle;
  }
  return { cut: cutAfter(wrong), last: finished[wrong - 1] as Operation<Input, Output> };
}

/** How many of the others are named. */
const mostNamed = 5;

function othersText(others: readonly Operation[]): readonly string[] {
  if (others.length === 0) return [];
  const named = others.slice(0, mostNamed).map((one) => `${operationText(withoutAnswer(one))} of ${one.process}`);
  const more = others.length > mostNamed ? ` and ${others.length - mostNamed} more` : "";
  return [`Whether and when ${named.join(", ")}${more} took effect doesn't matter.`];
}
