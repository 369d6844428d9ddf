/** Figures side by side, for people. Pure: nothing is printed here. */

export interface Column<Row> {
  readonly title: string;
  readonly show: (row: Row) => string;
}

export interface TableOptions {
  /** The characters that there is room for in a line. Default: as many as it takes. */
  readonly width?: number;
}

const GAP = "  ";

/**
 * A line for each row, the first column set left and the others right, no colours and no trailing blanks. Where that is wider
 * than there is room for, each row gets a block of `title  value` lines instead.
 */
export function layOut<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions = {}): string {
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ show }) => show(row)));
  const widths = titles.map((title, index) => widest([title, ...cells.map((line) => line[index] ?? "")]));
  const total = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  if (total > (options.width ?? Number.POSITIVE_INFINITY)) return layOutBlocks(titles, cells);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => (index === 0 ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0)))
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join(GAP);
  return [line(titles), rule, ...cells.map(line)].join("\n");
}

function layOutBlocks(titles: readonly string[], cells: readonly (readonly string[])[]): string {
  const width = widest(titles);
  const block = (line: readonly string[]): string =>
    titles.map((title, index) => `${title.padEnd(width)}${GAP}${line[index] ?? ""}`).join("\n");
  return cells.map(block).join("\n\n");
}

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
