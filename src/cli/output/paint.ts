/** Colours of a terminal, or none. */

type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const codes: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Paints text, or leaves it as it is where there are to be no colours. */
export type Paint = (colour: Colour, text: string) => string;

export function painter(colours: boolean): Paint {
  if (!colours) return (_colour, text) => text;
  return (colour, text) => `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m`;
}

/**
 * Whether to use colours: not where `NO_COLOR` is set to anything; where `FORCE_COLOR` is, unless to `0` or `false`; else
 * on a terminal that isn't dumb. Not by Node's `styleText`, which Node 20 lacks at first and which ignores them at first.
 */
export function wantsColours(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: kind } = env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined) return force !== "0" && force !== "false";
  return isTerminal && kind !== "dumb";
}
