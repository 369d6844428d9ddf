/** What happens to the cells of a process, and how that is logged. */

import type { TroupeError } from "../../../errors/troupe-error.ts";
import type { LogLevel } from "../../../runtime/telemetry/logger.ts";

/**
 * What happens to the cells of a process. `cell-taken`: its system works here from now on. `cell-given-back`: another process may take it, since it has too few, or this
 * one closes. `cell-lost`: this process could not renew its lease in time. `cell-failed`: its system could not be started; another attempt follows after
 * `retryAfter` milliseconds. `run-not-started`: a run that was submitted waits, as this process can't start it. `database-unreachable` and `database-reached`: what is seen of other
 * processes is old meanwhile.
 *
 * @since 0.1.0
 */
export type CellsEvent =
  | { readonly type: "cell-taken"; readonly cell: number; readonly epoch: number }
  | { readonly type: "cell-given-back"; readonly cell: number }
  | { readonly type: "cell-lost"; readonly cell: number; readonly error: TroupeError }
  | { readonly type: "cell-failed"; readonly cell: number; readonly error: unknown; readonly retryAfter: number }
  | { readonly type: "run-not-started"; readonly cell: number; readonly run: string; readonly error: unknown }
  | { readonly type: "database-unreachable"; readonly error: unknown }
  | { readonly type: "database-reached" };

export function levelOf({ type }: CellsEvent): LogLevel {
  switch (type) {
    case "cell-taken":
    case "cell-given-back":
    case "database-reached":
      return "info";
    case "cell-lost":
    case "database-unreachable":
    case "run-not-started":
      return "warn";
    case "cell-failed":
      return "error";
  }
}

export function inWords(event: CellsEvent): string {
  switch (event.type) {
    case "cell-taken":
      return `cell ${event.cell} is owned here, in epoch ${event.epoch}`;
    case "cell-given-back":
      return `cell ${event.cell} was given back`;
    case "cell-lost":
      return `cell ${event.cell} was lost: ${said(event.error)}`;
    case "cell-failed":
      return `the system of cell ${event.cell} could not be started: ${said(event.error)}; tried again in ${event.retryAfter} ms`;
    case "run-not-started":
      return `the run ${event.run} that was submitted to cell ${event.cell} waits: ${said(event.error)}`;
    case "database-unreachable":
      return `the database of the cells can't be reached: ${said(event.error)}`;
    case "database-reached":
      return "the database of the cells is reached again";
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
