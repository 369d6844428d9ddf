/** Sequential models: what a thing does when one operation follows the other. */

/**
 * A thing as it behaves when it is used by one process alone. A concurrent history is judged against it.
 *
 * Its states are immutable, and both functions are pure.
 *
 * @example
 * const counter: SequentialModel<number, "add" | "get", number> = {
 *   name: "counter",
 *   initial: 0,
 *   next(count, input, answer) {
 *     if (input === "add") return [count + 1];
 *     return answer === undefined || answer.output === count ? [count] : [];
 *   },
 * };
 * @since 0.1.0
 * @experimental
 */
export interface SequentialModel<State, Input, Output> {
  readonly name: string;
  readonly initial: State;
  /**
   * The states that an operation may lead to: several if it may do one thing or another, none if it can't give this answer in this
   * state. `answer` is `undefined` for an operation whose outcome is unknown: what it may have done is asked for.
   */
  next(state: State, input: Input, answer: { readonly output: Output } | undefined): readonly State[];
  /** Which part of the thing an operation concerns, such as its key. Parts are judged apart. Default: there is one part. */
  partition?(input: Input): string;
  /** True for an operation that never changes the state. It is left out of a counterexample where it says nothing. Default: false. */
  readsOnly?(input: Input): boolean;
  /** A text that is the same for states that are the same only. Default: what `node:v8` serializes them to. */
  identity?(state: State): string;
}
