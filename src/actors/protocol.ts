/** The messages that an actor understands, with the types that senders pass, handlers get and asks resolve to. */

import type * as v from "valibot";
import type { IsCloneable } from "../values/cloneable.ts";
import type { ReadonlyParts } from "../values/readonly-parts.ts";

/**
 * One message that an actor understands. Without `input` it carries nothing; without `reply` an ask of it resolves to
 * `undefined`.
 *
 * @since 0.1.0
 */
export interface MessageSpec {
  readonly input?: v.GenericSchema;
  readonly reply?: v.GenericSchema;
}

/**
 * The messages an actor understands, by type.
 *
 * @since 0.1.0
 */
export type Protocol = Readonly<Record<string, MessageSpec>>;

/**
 * What the sender of a message passes: the input of its schema; `undefined` for a message that takes none.
 *
 * @since 0.1.0
 */
export type MessageInput<M extends MessageSpec> = M extends { readonly input: infer I extends v.GenericSchema }
  ? v.InferInput<I>
  : undefined;
/**
 * What the handler of a message gets: the output of its schema; `undefined` for a message that takes none.
 *
 * @since 0.1.0
 */
export type MessagePayload<M extends MessageSpec> = M extends { readonly input: infer I extends v.GenericSchema }
  ? v.InferOutput<I>
  : undefined;
/**
 * What an ask of a message resolves to: the output of its `reply`; `undefined` for a message without one.
 *
 * @since 0.1.0
 */
export type MessageReply<M extends MessageSpec> = M extends { readonly reply: infer R extends v.GenericSchema }
  ? v.InferOutput<R>
  : undefined;
/**
 * What a handler returns: the reply, or nothing where the protocol has none.
 *
 * @since 0.1.0
 */
export type HandlerResult<M extends MessageSpec> =
  | (M extends { readonly reply: infer R extends v.GenericSchema } ? ReadonlyParts<v.InferInput<R>> : void)
  | AsWritten<M["reply"]>;

declare const nothing: unique symbol;

/**
 * Nothing. But where `T` is still being inferred as `const`, it has the compiler take the literals of a result as they are written, such as
 * `kind: "a"`, also in a handler without parameters.
 */
type AsWritten<T> = T extends typeof nothing ? T | string | number | boolean | bigint : never;
/** Rejects, at compile time, a protocol with a message that can't cross to another actor. */
export type CloneableProtocol<P extends Protocol> = {
  readonly [K in keyof P]: [IsCloneable<MessageInput<P[K]>>, IsCloneable<MessageReply<P[K]>>] extends [true, true]
    ? P[K]
    : { readonly error: `message ${K & string} has a part that can't cross to another actor` };
};
