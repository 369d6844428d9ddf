/** `recordOperations`: makes a history of what a test calls. */

import type { Operation } from "./operation.ts";

/**
 * What {@link recordOperations} takes.
 *
 * @since 0.1.0
 * @experimental
 */
export interface RecordingOptions {
  /** Whether a call that failed with this error certainly had no effect. Such a call is left out. Default: no error says so. */
  readonly hadNoEffect?: (error: unknown) => boolean;
}

/**
 * A history that grows as calls are made.
 *
 * @since 0.1.0
 * @experimental
 */
export interface Recording<Input, Output> {
  /** The operations so far, in the order of their calls. Those that are in flight have an unknown outcome. */
  readonly operations: readonly Operation<Input, Output>[];
  /** Makes a call, and notes when it began and what it was answered. Resolves and rejects as the call does. */
  call<Answer extends Output>(
    process: string | number,
    input: Input,
    call: () => Answer | PromiseLike<Answer>,
  ): Promise<Answer>;
}

/**
 * Begins a history. Its times number calls and returns in the order in which they happened on this thread, so that a call that returned
 * before another one was made comes before it.
 *
 * @example
 * const recording = recordOperations<CounterInput, number | undefined>();
 * await recording.call("ann", { f: "add", value: 2 }, () => ref.ask("add", 2));
 * checkLinearizability(counter, recording.operations).linearizable;
 * @since 0.1.0
 * @experimental
 */
export function recordOperations<Input, Output>(options: RecordingOptions = {}): Recording<Input, Output> {
  const { hadNoEffect = () => false } = options;
  const operations = new Map<number, Operation<Input, Output>>();
  let events = 0;
  return {
    get operations() {
      return [...operations.values()];
    },
    async call(process, input, call) {
      const called = events++;
      operations.set(called, { process, input, called });
      try {
        const output = await call();
        operations.set(called, { process, input, output, called, returned: events++ });
        return output;
      } catch (error) {
        if (hadNoEffect(error)) operations.delete(called);
        throw error;
      }
    },
  };
}
