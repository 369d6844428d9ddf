/** `checkLinearizability`: whether a history could have been made by a thing that does one operation after the other. */

import { TroupeError } from "../errors/troupe-error.ts";
import { shown } from "../values/shown.ts";
import { LinearizabilitySearch } from "./linearizability-search.ts";
import type { Operation } from "./operation.ts";
import type { SequentialModel } from "./sequential-model.ts";
import { shrinkViolation, type Violation } from "./violation.ts";

/**
 * How far {@link checkLinearizability} goes.
 *
 * @since 0.1.0
 * @experimental
 */
export interface LinearizabilityOptions {
  /** How many orders of operations are explored, over all parts, before the answer is `"unknown"`. Default 2,000,000, which take up to 300 MB. */
  readonly budget?: number;
}

/**
 * What {@link checkLinearizability} found.
 *
 * @since 0.1.0
 * @experimental
 */
export interface LinearizabilityReport<Input = unknown, Output = unknown> {
  /** `"unknown"` if the budget came to its end before the search did. */
  readonly linearizable: boolean | "unknown";
  /** The model's name. */
  readonly model: string;
  readonly operations: number;
  /** How many orders of operations were explored. */
  readonly explored: number;
  /** What is wrong, made small; only if it isn't linearizable. */
  readonly violation?: Violation<Input, Output>;
}

const defaultBudget = 2_000_000;

/** How many orders a part explores in its first turn; twice as many in each one after. */
const firstTurn = 1000;

/**
 * Checks whether each operation of a history can have taken effect at one moment between its call and its return, in an order that
 * explains all answers by the model: whether the history is linearizable (Herlihy and Wing, 1990).
 *
 * Guarantees: `true` and `false` are proven; where the budget ends, the answer is `"unknown"`. The same history has the same report.
 * The parts of the model, such as keys, take turns, so that one which is wrong is found though another takes long.
 *
 * @throws TroupeError `invalid-options` for an operation that returned before it was called, and for a budget that is no whole number from 1.
 * @example
 * const report = checkLinearizability(register(0), [
 *   { process: 1, input: { f: "write", value: 1 }, called: 0, returned: 1 },
 *   { process: 2, input: { f: "read" }, output: 0, called: 2, returned: 3 },
 * ]);
 * report.linearizable; // false
 * console.log(report.violation?.text);
 * @since 0.1.0
 * @experimental
 */
export function checkLinearizability<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  options: LinearizabilityOptions = {},
): LinearizabilityReport<Input, Output> {
  const { budget = defaultBudget } = options;
  if (!Number.isSafeInteger(budget) || budget < 1)
    throw new TroupeError(
      "invalid-options",
      `checkLinearizability: budget is a whole number from 1, not ${shown(budget)}`,
    );
  checkTimes(history);
  const parts = partsOf(model, history).map((operations) => new LinearizabilitySearch(model, operations));
  const explored = (): number => parts.reduce((sum, { steps }) => sum + steps, 0);
  const report = { model: model.name, operations: history.length };
  let open = parts;
  for (let turn = firstTurn; open.length > 0; turn *= 2) {
    const stillOpen: typeof open = [];
    for (const part of open) {
      const left = budget - explored();
      if (left <= 0) return { ...report, linearizable: "unknown", explored: explored() };
      const isLinearizable = part.advance(Math.min(turn, left));
      if (isLinearizable === undefined) stillOpen.push(part);
      if (isLinearizable !== false) continue;
      const violation = shrinkViolation(model, part.operations);
      return { ...report, linearizable: false, explored: explored(), violation };
    }
    open = stillOpen;
  }
  return { ...report, linearizable: true, explored: explored() };
}

function partsOf<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): readonly (readonly Operation<Input, Output>[])[] {
  if (model.partition === undefined) return [history];
  const parts = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    const name = model.partition(operation.input);
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [operation]);
    else part.push(operation);
  }
  return [...parts.values()];
}

/** @throws TroupeError `invalid-options` */
function checkTimes(history: readonly Operation[]): void {
  for (const [at, { called, returned = called }] of history.entries()) {
    if (returned >= called) continue;
    throw new TroupeError(
      "invalid-options",
      Number.isFinite(called) && Number.isFinite(returned)
        ? `checkLinearizability: operation ${at} returned at ${returned}, before it was called at ${called}`
        : `checkLinearizability: operation ${at}: called and returned are numbers, not ${shown(called)} and ${shown(returned)}`,
    );
  }
}
