/** A table of any length: only the rows in sight are in the page, and only the rows near them are asked for. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "./words.ts";

/** The height of each row, which the style sheet holds them to; and how many are drawn beyond what is in sight, on either side. */
const rowHeight = 34;
const beyond = 15;

/** How many rows are asked for at a time, and at which steps: so what is in sight is among them, whichever way one scrolls. */
export const rowsAtOnce = 200;
const step = 50;

export interface RowsProps<T> {
  readonly caption: string;
  readonly heads: readonly string[];
  /** How many rows there are in all. */
  readonly total: number;
  /** The rows that are here, and the index of the first of them. */
  readonly rows: readonly T[];
  readonly offset: number;
  /** Asks for the rows from an index on. */
  want(offset: number): void;
  keyOf(row: T): string | number;
  isChosen?(row: T): boolean;
  /** The cells of a row. */
  children(row: T): ComponentChildren;
}

export function Rows<T>({ caption, heads, total, rows, offset, want, keyOf, isChosen, children }: RowsProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ from: 0, to: 2 * beyond });
  const look = (): void => {
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    const first = Math.floor(scrollTop / rowHeight);
    const last = Math.ceil((scrollTop + clientHeight) / rowHeight);
    setSeen({ from: Math.max(0, first - beyond), to: last + beyond });
    want(Math.max(0, Math.floor((first - (rowsAtOnce - (last - first)) / 2) / step) * step));
  };
  useLayoutEffect(look, [total]);
  const from = Math.min(seen.from, Math.max(0, total - 1));
  const to = Math.min(seen.to, total);
  return (
    <div class="scroll rows" tabIndex={0} role="region" aria-label={caption} ref={box} onScroll={look}>
      <table aria-rowcount={total + 1}>
        <caption class="hidden">
          {caption}, {count(total, "row")}
        </caption>
        <thead>
          <tr aria-rowindex={1}>
            {heads.map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={from} />
          {Array.from({ length: to - from }, (_, i) => {
            const index = from + i;
            const row = rows[index - offset];
            return row === undefined ? (
              <tr key={`at ${index}`} aria-rowindex={index + 2} class="awaited">
                <th scope="row">…</th>
                <td colSpan={heads.length - 1} />
              </tr>
            ) : (
              <tr key={keyOf(row)} aria-rowindex={index + 2} class={isChosen?.(row) === true ? "chosen" : ""}>
                {children(row)}
              </tr>
            );
          })}
          <Space rows={total - to} />
        </tbody>
      </table>
    </div>
  );
}

/** In place of rows that are not in sight. */
function Space({ rows }: { readonly rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true" class="space">
      <td ref={(element) => tall(element, rows * rowHeight)} />
    </tr>
  );
}

/** Set by the program: the page's policy allows no style in markup. */
function tall(element: HTMLElement | null, height: number): void {
  if (element !== null) element.style.height = `${height}px`;
}
