/** The names that definitions, actors and states have: each can stand in a key, a path and an idempotency key as it is. */

/** What a name may have, in the words of errors. */
export const nameRule = 'only letters, digits, "-", "_" and "."';

/** {@link nameRule} as a pattern. Letters are those of ASCII. */
export const namePattern = /^[\w.-]+$/;
const letter = /^[A-Za-z]/;

/** True for a name: one character at least, and {@link nameRule}. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && namePattern.test(value);
}

/** True for a name that begins with a letter: unlike one of digits, objects keep it in the order in which it was added. */
export function isLetteredName(value: unknown): value is string {
  return isName(value) && letter.test(value);
}
