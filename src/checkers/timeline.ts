/** Draws operations along the time, a row for each process. */

import type { Operation } from "./operation.ts";
import { operationText } from "./operation-text.ts";

/**
 * The lines of the drawing. Calls and returns stand in their order from left to right; how far apart doesn't say how much time was between
 * them. `marked` has a cross behind it.
 */
export function timeline(operations: readonly Operation[], marked: Operation): readonly string[] {
  const columns = columnsOf(operations);
  const rows = rowsOf(operations);
  const margin = Math.max(0, ...rows.map(([{ process }]) => String(process).length));
  return rows.map((row) => {
    let line = `${String(row[0].process).padStart(margin)} `;
    for (const operation of row) {
      const { from, to } = columns.get(operation) ?? { from: 0, to: 0 };
      const text = ` ${operationText(operation)} `;
      line = `${line.padEnd(margin + 1 + from)}├${text.padEnd(to - from - 1, "─")}┤`;
      if (operation === marked) line += " ✗";
    }
    return line;
  });
}

type Row = [Operation, ...Operation[]];

/** The operations of each process, one after the other; a process that called again before it was answered has another row. */
function rowsOf(operations: readonly Operation[]): readonly Row[] {
  const rows: Row[] = [];
  for (const operation of operations.toSorted((a, b) => a.called - b.called)) {
    const free = rows.find((row) => {
      const last = row.at(-1) as Operation;
      return last.process === operation.process && (last.returned ?? last.called) < operation.called;
    });
    if (free === undefined) rows.push([operation]);
    else free.push(operation);
  }
  return rows;
}

/** In which columns each operation begins and ends: in the order of events, and wide enough for its text. */
function columnsOf(operations: readonly Operation[]): ReadonlyMap<Operation, { from: number; to: number }> {
  const events = operations.flatMap((operation) => [
    { operation, time: operation.called, isReturn: false },
    { operation, time: operation.returned ?? operation.called, isReturn: true },
  ]);
  // at one time, calls come before returns: such operations are concurrent
  events.sort((a, b) => a.time - b.time || Number(a.isReturn) - Number(b.isReturn));
  const columns = new Map<Operation, { from: number; to: number }>();
  let at = 0;
  for (const { operation, isReturn } of events) {
    const own = columns.get(operation);
    if (own === undefined || !isReturn) columns.set(operation, { from: at, to: at });
    else own.to = at = Math.max(at, own.from + operationText(operation).length + 3);
    at += 2;
  }
  return columns;
}
