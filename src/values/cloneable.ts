/**
 * Which values may cross a boundary, as a type: the compile-time half of the check that `value-copier.ts` makes at run
 * time.
 */

import type { tagField } from "./tag.ts";

/** What can be copied as it is, without a look at its parts. */
type Whole = undefined | null | boolean | number | bigint | string | Date | ArrayBuffer | ArrayBufferView;

/** A value that can be copied into another thread without loss. */
export type Cloneable =
  | Whole
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | readonly Cloneable[]
  | { readonly [key: string]: Cloneable };

/**
 * The type `T` with `never` in place of each part that can't cross a boundary: `T` is assignable to it when all parts
 * can. It is written with object types, whose fields the compiler resolves only when needed, so that a type may contain
 * itself.
 */
export type CloneableCheck<T> = T extends Whole | Transferable
  ? T
  : T extends symbol | Callable
    ? never
    : IsError<T> extends true
      ? never
      : T extends ReadonlyMap<infer K, infer V>
        ? { entries(): Iterable<[CloneableCheck<K>, CloneableCheck<V>]> }
        : T extends ReadonlySet<infer V>
          ? { values(): Iterable<CloneableCheck<V>> }
          : T extends readonly (infer V)[]
            ? { readonly [index: number]: CloneableCheck<V> }
            : T extends object
              ? { [K in keyof T]: CloneableCheck<T[K]> }
              : T;

type Callable = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** True for Error and its subclasses, and not for plain data that has a name and a message. */
type IsError<T> = keyof Error extends keyof T ? (Error extends Pick<T, keyof Error> ? true : false) : false;

/** True when every part of `T` can cross a boundary. `unknown` and `any` pass: the run-time check judges them. */
export type IsCloneable<T> = unknown extends T ? true : [T] extends [CloneableCheck<T>] ? true : false;

/** The method by which an object gives its plain form for travel, as an actor ref does. */
export const transfer: unique symbol = Symbol.for("troupe.transfer") as never;

/** An object that crosses boundaries in a plain form. */
export interface Transferable {
  /** Its plain form; `undefined` if it belongs to another system than `within`. Without `within`, that is not asked. */
  [transfer](within?: object): Transferred | undefined;
}

/** The plain form of a {@link Transferable}. */
export interface Transferred {
  readonly [tagField]: string;
  readonly [field: string]: string | number | null;
}
