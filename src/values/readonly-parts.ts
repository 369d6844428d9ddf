/** What may be given where a value is only read and copied. */

import type { Transferable } from "./cloneable.ts";

/** What has no parts that could be readonly. */
type Whole = undefined | null | boolean | number | bigint | string | symbol | Date | ArrayBuffer | ArrayBufferView;

/**
 * The type `T` with readonly parts: takes a `T`, and frozen data as well. A literal in a `const` context, such as the result of an
 * agent's `execute`, has readonly arrays, which a plain `T` would refuse.
 *
 * @since 0.1.0
 */
export type ReadonlyParts<T> = unknown extends T
  ? T
  : T extends Whole | Transferable
    ? T
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<ReadonlyParts<K>, ReadonlyParts<V>>
      : T extends ReadonlySet<infer V>
        ? ReadonlySet<ReadonlyParts<V>>
        : { readonly [K in keyof T]: ReadonlyParts<T[K]> };
