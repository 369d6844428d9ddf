/** Operations: what processes called, what they were answered, and when. */

/**
 * One call in a history that is checked, such as a read that a client made.
 *
 * `called` and `returned` may have any unit, as long as they are of one clock: positions in a log, milliseconds, nanoseconds. An operation
 * comes before another one if it returned before that was called; if both have the same time, they count as concurrent.
 *
 * @example
 * const operation: Operation = { process: "desk-1", input: { f: "read" }, output: 4, called: 10, returned: 12 };
 * @since 0.1.0
 * @experimental
 */
export interface Operation<Input = unknown, Output = unknown> {
  /** Which process, client or actor called. */
  readonly process: string | number;
  readonly input: Input;
  readonly output?: Output | undefined;
  readonly called: number;
  /**
   * Absent if its outcome is unknown, as after a timeout: it took effect at any time after its call, or never. What is known to have
   * had no effect doesn't belong in a history.
   */
  readonly returned?: number | undefined;
}

/** The same operation, as if its answer had never come. */
export function withoutAnswer<Input, Output>({
  process,
  input,
  called,
}: Operation<Input, Output>): Operation<Input, Output> {
  return { process, input, called };
}
