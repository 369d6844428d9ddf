/** The list of runs, those that changed last first. */

import { runStatuses } from "../../workflows/history/run-state.ts";
import type { IndexedRun } from "../source/run-index.ts";
import type { View } from "./view.ts";

export interface ListedRun extends IndexedRun {
  /** Milliseconds since the epoch; absent when retention dropped the run's first version. */
  readonly started?: number;
}

export interface RunsData {
  /** How many there are, and how many of them the filter selects. */
  readonly total: number;
  readonly selected: number;
  readonly workflows: readonly string[];
  /** Those of which runs may be started here. */
  readonly startable: readonly string[];
  /** How many of the selected ones come before those that are listed. */
  readonly offset: number;
  readonly runs: readonly ListedRun[];
}

/** What a run may be, as a filter. `open`: it has not ended. */
const listedStatuses = [...runStatuses, "refused", "open"] as const;

export const runs: View<RunsData> = (query) => {
  const status = query.choice("status", listedStatuses);
  const workflow = query.text("workflow");
  const asks = query.choice("asks", ["yes"]);
  const waitingFor = query.text("waitingFor");
  const tenant = query.text("tenant");
  const text = query.text("text")?.toLowerCase();
  const since = query.optionalWhole("since", {});
  const until = query.optionalWhole("until", {});
  const offset = query.whole("offset", { otherwise: 0 });
  const limit = query.whole("limit", { least: 1, most: 500, otherwise: 100 });
  const isWanted = (one: IndexedRun): boolean =>
    (status === undefined || (status === "open" ? isOpen(one) : one.status === status)) &&
    (workflow === undefined || one.workflow === workflow || one.workflow.startsWith(`${workflow}@`)) &&
    (asks === undefined || one.asks.length > 0) &&
    (waitingFor === undefined || one.asks.includes(waitingFor)) &&
    (tenant === undefined || one.tenant === tenant) &&
    (text === undefined || one.run.toLowerCase().includes(text)) &&
    (since === undefined || one.changed >= since) &&
    (until === undefined || one.changed <= until);
  return async (at) => {
    const all = await at.runs.newestFirst();
    const selected = all.filter(isWanted);
    const listed: ListedRun[] = [];
    for (const one of selected.slice(offset, offset + limit)) {
      const started = await at.runs.startOf(one.run);
      listed.push(started === undefined ? one : { ...one, started });
    }
    return {
      total: all.length,
      selected: selected.length,
      workflows: [...new Set(all.map((one) => one.workflow))].sort().slice(0, 200),
      startable: at.isReadOnly ? [] : at.inspected.workflows.map(({ name, version }) => `${name}@${version}`),
      offset,
      runs: listed,
    };
  };
};

function isOpen({ status }: IndexedRun): boolean {
  return status === "running" || status === "compensating" || status === "refused";
}
