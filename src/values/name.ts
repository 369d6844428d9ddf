/** The rule for the names of definitions, actors and states: a name can stand in a key, a path and an idempotency key as it is. */

/** What a name may consist of, in the words of errors. */
export const nameRule = 'only letters, digits, "-", "_" and "."';

/** {@link nameRule} as a pattern. Letters are those of ASCII. */
export const namePattern = /^[\w.-]+$/;
const letter = /^[A-Za-z]/;

/** True for a text of at least one character that keeps {@link nameRule}. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && namePattern.test(value);
}

/** True for a name that begins with a letter. As fields of an object, such names stay in the order added; names of digits don't. */
export function isLetteredName(value: unknown): value is string {
  return isName(value) && letter.test(value);
}
