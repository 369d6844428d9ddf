/** The list of runs, those that changed last first. */

import { stateKey } from "../../store/versions/state-key.ts";
import { pendingOf } from "../../workflows/history/run-pending.ts";
import { runOf, runState, runStatuses } from "../../workflows/history/run-state.ts";
import type { IndexedRun } from "../source/run-index.ts";
import { codec } from "./spans-of-run.ts";
import type { Looking, View } from "./view.ts";

export interface ListedRun extends IndexedRun {
  /** What its steps wait for, but for each other. */
  readonly waits: readonly ShownWait[];
  /** Milliseconds since the epoch; absent when retention dropped the run's first version. */
  readonly started?: number;
}

export interface ShownWait {
  readonly step: string;
  readonly for: WaitKind;
}

/** An answer, a time, a place among the runs of a queue, a breaker that is open, an agent that works or has it in its own queue, a person. */
const waitKinds = ["answer", "time", "queue", "breaker", "agent", "person"] as const;
export type WaitKind = (typeof waitKinds)[number];

/** Of so many steps it is listed what they wait for. */
const mostWaits = 5;

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
  const waits = query.choice("waits", waitKinds);
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
    (tenant === undefined || one.tenant === tenant) &&
    (text === undefined || one.run.toLowerCase().includes(text)) &&
    (since === undefined || one.changed >= since) &&
    (until === undefined || one.changed <= until);
  return async (at) => {
    const all = await at.runs.newestFirst();
    let selected = all.filter(isWanted);
    if (waits !== undefined || waitingFor !== undefined) {
      const isWaiting = (of: readonly ShownWait[]): boolean =>
        of.some((one) => (waits ?? one.for) === one.for && (waitingFor ?? one.step) === one.step);
      const waiting: IndexedRun[] = [];
      for (const one of selected) if (mayWait(one) && isWaiting(await waitsOf(at, one))) waiting.push(one);
      selected = waiting;
    }
    const listed: ListedRun[] = [];
    for (const one of selected.slice(offset, offset + limit)) {
      const started = await at.runs.startOf(one.run);
      const shown = (await waitsOf(at, one)).slice(0, mostWaits);
      listed.push({ ...one, waits: shown, ...(started === undefined ? {} : { started }) });
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

function mayWait(one: IndexedRun): boolean {
  return isOpen(one) || one.status === "compensation-failed";
}

/** Read off its newest version when someone looks: what waits is not indexed. */
async function waitsOf({ inspected }: Looking, one: IndexedRun): Promise<readonly ShownWait[]> {
  if (!mayWait(one)) return [];
  const newest = await inspected.reader().stored(stateKey(runState, one.run));
  if (newest === undefined) return [];
  return pendingOf(runOf(newest).state, codec).flatMap(({ step, for: kind }) =>
    kind === "steps" || kind === "start" ? [] : [{ step, for: kind }],
  );
}

function isOpen({ status }: IndexedRun): boolean {
  return status === "running" || status === "compensating" || status === "refused";
}
