/** Colours text for a terminal, or leaves it plain. */

type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const codes: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Paints text, or returns it unchanged if colours are off. */
export type Paint = (colour: Colour, text: string) => string;

export function painter(colours: boolean): Paint {
  if (!colours) return (_colour, text) => text;
  return (colour, text) => `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m`;
}

const painted = new RegExp(`(\\u001b\\[(?:${Object.values(codes).flat().join("|")})m)`);

/** Splits text at the codes that {@link painter} makes: every second part is such a code. */
export function splitAtPaint(text: string): readonly string[] {
  return text.split(painted);
}

/**
 * Whether to use colours: no, if `NO_COLOR` is set; if `FORCE_COLOR` is set, yes unless it is `0` or `false`; else yes
 * on a terminal that isn't dumb. Doesn't use Node's `styleText`, which early versions of Node 20 lack and whose early
 * versions ignore these variables.
 */
export function wantsColours(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: kind } = env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined) return force !== "0" && force !== "false";
  return isTerminal && kind !== "dumb";
}
