/** A copy that its maker still changes, of what others only read. */

/** `T` without `readonly` on its fields. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
