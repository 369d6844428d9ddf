/** Aligns the lists of a help text. */

const item = /^ {2}(\S.*?) {2,}(\S.*)$/;
const continued = /^ {6,}(\S.*)$/;

/**
 * `text` with each list in two columns: a list is a run of lines of the form `  term   meaning`, with lines between that
 * go on with a meaning and are indented further.
 */
export function aligned(text: string): string {
  return text
    .split("\n\n")
    .map((paragraph) => alignedParagraph(paragraph.split("\n")).join("\n"))
    .join("\n\n");
}

function alignedParagraph(lines: readonly string[]): readonly string[] {
  const width = Math.max(0, ...lines.map((line) => item.exec(line)?.[1]?.length ?? 0));
  return lines.map((line) => {
    const [, term, meaning] = item.exec(line) ?? [];
    if (term !== undefined) return `  ${term.padEnd(width)}   ${meaning}`;
    const [, rest] = continued.exec(line) ?? [];
    return rest === undefined || width === 0 ? line : `${" ".repeat(width + 5)}${rest}`;
  });
}
