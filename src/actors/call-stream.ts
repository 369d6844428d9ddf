/** What `stream` gives of a call while it goes on. */

/**
 * What the loop over a {@link CallStream} gets:
 * - `attempt`: an attempt at the call begins. Begin anew with its parts: they don't go on where those of the attempt before ended. Attempts are
 *   counted from 1. One that the agent's gate turned away counts too, and nothing comes of it.
 * - `part`: what the attempt has emitted. `index` counts its parts from 0. `value` is as parsed by the agent's `emits`.
 * - `gap`: so many parts of the attempt are missing at this place.
 *
 * @since 0.1.0
 */
export type CallItem<Part = unknown> =
  | { readonly kind: "attempt"; readonly attempt: number }
  | { readonly kind: "part"; readonly attempt: number; readonly index: number; readonly value: Part }
  | { readonly kind: "gap"; readonly attempt: number; readonly lost: number };

/**
 * A call that goes on: what the agent emits, by `for await`, and its output, by {@link CallStream.result}.
 *
 * The loop gets all parts of an attempt in order, or a `gap` that says how many are missing, and ends when the agent has given its output. It
 * throws what the call fails with. Leaving it early, by `break` or an error, cancels the call. One loop can be made.
 *
 * @example
 * const stream = context.stream(writer, { name: "Ada" });
 * for await (const item of stream) if (item.kind === "part") await context.emit(item.value);
 * const { text } = await stream.result;
 * @since 0.1.0
 */
export interface CallStream<Part = unknown, Out = unknown> {
  /**
   * The agent's output. Rejects with what the call fails with; a rejection without a handler does not end the process. Where it is taken,
   * and no loop is made, the parts are left out, so that the agent need not wait for a reader.
   */
  readonly result: Promise<Out>;
  /** @throws TroupeError (as a rejection) `invalid-options` for a second loop. */
  [Symbol.asyncIterator](): AsyncGenerator<CallItem<Part>, void, undefined>;
}
