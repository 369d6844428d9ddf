/** Keeps text from telling a terminal what to do. */

/** Control characters but for the line break, what orders the writing direction, and the other line breaks of Unicode. */
const obeyed = /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * `text` with each character that a terminal obeys written as `\\u` and its four digits: so text that comes from keys,
 * states, agents or files neither moves the cursor nor hides or reorders what is around it ("Trojan Source",
 * CVE-2021-42574). In JSON the two are the same string.
 *
 * @example
 * visible("a\u001b[2Jb"); // "a\\u001b[2Jb"
 */
export function visible(text: string): string {
  return text.replaceAll(obeyed, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
