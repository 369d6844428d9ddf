/** `againstModel`: calls from several sides at once, judged by what one side alone would have been answered. */

import { checkLinearizability, type LinearizabilityOptions } from "../checkers/check-linearizability.ts";
import type { Operation } from "../checkers/operation.ts";
import { recordOperations } from "../checkers/record-operations.ts";
import type { SequentialModel } from "../checkers/sequential-model.ts";
import { isAskError } from "../errors/ask-error.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import type { System } from "../runtime/system/system.ts";

/**
 * What {@link againstModel} tests.
 *
 * @since 0.1.0
 * @experimental
 */
export interface TestedSubject<Subject, Input, Output> {
  /** Makes the subject in the scenario's system, before the first call. */
  setup(system: System): Subject | PromiseLike<Subject>;
  /** Makes one call of it, and says what the answer is for the model. `side` is the number of the side that calls, from 0. */
  call(subject: Subject, input: Input, side: number): Output | PromiseLike<Output>;
}

/**
 * Makes a scenario in which several sides call a subject at once, each one call after the other, and what they were answered is judged by
 * a sequential model: each call has to have taken effect at one moment between its beginning and its end (Herlihy and Wing, 1990). This
 * is parallel testing of state machines, as QuickCheck does it (Claessen and others, "Finding race conditions in Erlang with QuickCheck
 * and PULSE", 2009), over schedules that repeat.
 *
 * `simulate` plays the scenario under many schedules, and a library such as fast-check draws and shrinks the inputs. With a system of real
 * threads, as `scenario({ system })`, the machine chooses the schedule.
 *
 * A call that ends with a `TroupeError` may have taken effect or not, unless its error says that it certainly had none. Anything else that
 * `call` throws fails the scenario.
 *
 * @param sides the inputs of each side, in their order.
 * @throws TroupeError (as a rejection of the scenario) `not-linearizable`, with the calls that no order explains, drawn; or where it can't be
 * told, since there are too many orders.
 * @example
 * const seats = againstModel(counter, {
 *   setup: (system) => system.spawn(visits),
 *   call: (ref, { value = 0 }) => ref.ask("add", value),
 * }, [[{ f: "add-and-get", value: 1 }], [{ f: "add-and-get", value: 2 }]]);
 * await simulate(seats, { runs: 500 });
 * @since 0.1.0
 * @experimental
 */
export function againstModel<State, Input, Output, Subject>(
  model: SequentialModel<State, Input, Output>,
  { setup, call }: TestedSubject<Subject, Input, Output>,
  sides: readonly (readonly Input[])[],
  options: LinearizabilityOptions = {},
): (world: { readonly system: System }) => Promise<void> {
  return async ({ system }) => {
    const subject = await setup(system);
    const recording = recordOperations<Input, Output>({ hadNoEffect: isWithoutEffect });
    const callAll = async (inputs: readonly Input[], side: number): Promise<void> => {
      for (const input of inputs)
        await recording.call(`side ${side}`, input, () => call(subject, input, side)).catch(throwUnlessAnswer);
    };
    await Promise.all(sides.map(callAll));
    judge(model, recording.operations, options);
  };
}

const isWithoutEffect = (error: unknown): boolean => isAskError(error) && !error.mayHaveRun;

/** A `TroupeError` is an outcome, which the recording has noted. Anything else is a fault of the test. */
function throwUnlessAnswer(error: unknown): void {
  if (!isTroupeError(error)) throw error;
}

function judge<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: LinearizabilityOptions,
): void {
  const { linearizable: verdict, violation } = checkLinearizability(model, operations, options);
  if (verdict === true) return;
  const why =
    violation === undefined
      ? `it can't be told whether ${operations.length} calls agree with it: there are too many orders. Let fewer sides call, give the model parts, or raise budget`
      : `these calls don't agree with it:\n${violation.text}`;
  throw new TroupeError("not-linearizable", `the model ${model.name}: ${why}`, {
    details: { model: model.name, verdict, operations: operations.length },
  });
}
