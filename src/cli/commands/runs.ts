/** `troupe runs`: lists the runs, with the status of each and what it waits for. */

import type { QueuedIn } from "../../workflows/history/run-event.ts";
import { waitingIn } from "../../workflows/queue/queue-view.ts";
import { isOpen, type RunState, runStatuses } from "../../workflows/history/run-state.ts";
import { placedSteps } from "../../workflows/steps/run-steps.ts";
import type { WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { Arguments } from "../arguments/arguments.ts";
import type { Command } from "../command/command.ts";
import { allRuns, type FoundRun, startOf } from "../journal/find-runs.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import { tenantOf } from "../arguments/tenant-argument.ts";
import { oneLine } from "../output/one-line.ts";
import { withStore } from "../journal/open-store.ts";
import { painter } from "../output/paint.ts";
import { overviewOf, type RunOverview } from "../output/run-overview.ts";
import { runText } from "../output/run-text.ts";
import type { Terminal } from "../command/terminal.ts";

/** "refused" stands for what a run is otherwise: running or compensating. */
const statuses = [...runStatuses, "refused"] as const;

export const runs: Command = {
  name: "runs",
  summary: "list runs, how each stands and what it waits for",
  flags: {
    ...journalFlags,
    status: { type: "string", multiple: true },
    open: { type: "boolean" },
    waiting: { type: "boolean" },
    workflow: { type: "string" },
    tenant: { type: "string" },
    limit: { type: "string" },
  },
  read(given) {
    given.named();
    const journal = journalOf(given);
    const json = given.flag("json");
    const limit = given.wholeNumber("limit") ?? Number.POSITIVE_INFINITY;
    const isWanted = filterOf(given);
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ store }) => {
        const { found, positions, exitCode } = await newestChanged(store, isWanted, limit, terminal);
        const paint = painter(terminal.colours);
        for (const { overview: one } of found) {
          if (terminal.interrupted.aborted) return 1;
          const started = await startOf(store, one.run);
          const position = positions.get(one.run);
          const overview: RunOverview = {
            ...one,
            ...(started === undefined ? {} : { started }),
            ...(one.queue === undefined || position === undefined ? {} : { queue: { ...one.queue, position } }),
          };
          await terminal.print(json ? JSON.stringify(overview) : runText(overview, paint));
        }
        return exitCode;
      });
  },
  help: `troupe runs: list runs, how each stands and what it waits for; what changed last comes first

Usage:
  troupe runs --journal DIR [options]

Options:
  --open            only runs that have not ended: running, compensating or refused; troupe resume goes on with them
  --waiting         only runs in which a wait for an answer is open; troupe tell answers
  --status NAME     only runs that are ${statuses.slice(0, 4).join(", ")},
                    ${statuses
                      .slice(4)
                      .join(", ")
                      .replace(/, (?=[^,]*$)/, " or ")}; may be given several times
  --workflow NAME   only runs of this workflow; of a single version of it as NAME@VERSION
  --tenant NAME     only runs for this tenant
  --limit N         so many at most (default: all)
${journalHelp}

Each line has the run's id, its workflow, its status, how many of its steps have finished, when it was started and when it last
changed, and what is going on in it or what became of it. A run that is refused has not ended, but the last system that was to go
on with it could not: its workflow has changed, or wasn't found. What is in flight was so when the run last changed: the process that
had it may be gone.

${exitCodes}`,
};

function filterOf(given: Arguments): (one: FoundRun) => boolean {
  const wanted = given.choices("status", statuses);
  const isOpenOnly = given.flag("open");
  if (isOpenOnly && wanted.length > 0) throw given.wrong("--open is a choice of statuses itself: leave out --status");
  const isWaitingOnly = given.flag("waiting");
  const workflow = given.text("workflow");
  const tenant = tenantOf(given);
  return ({ head: { state }, refused }) =>
    (!isOpenOnly || isOpen(state)) &&
    (!isWaitingOnly || asksIn(state)) &&
    (wanted.length === 0 || wanted.some((status) => status === (refused === undefined ? state.status : "refused"))) &&
    (workflow === undefined || isNamed(state.workflow, workflow)) &&
    (tenant === undefined || state.tenant === tenant);
}

/** True for a run in which a wait for an answer is open. */
function asksIn({ steps }: RunState): boolean {
  if (steps.open === undefined) return false;
  return placedSteps(steps).some(({ step, about }) => step.status === "open" && about.kind === "wait");
}

function isNamed({ name, version }: WorkflowId, wanted: string): boolean {
  return wanted === name || wanted === `${name}@${version}`;
}

interface Listed {
  readonly position: Position;
  readonly overview: RunOverview;
}

/** The selected runs that changed last, the positions of all that wait in queues, and the exit code: 1 if a run is damaged. */
async function newestChanged(
  store: OwnedStore,
  isWanted: (one: FoundRun) => boolean,
  limit: number,
  { interrupted, note }: Terminal,
): Promise<{
  readonly found: readonly Listed[];
  readonly positions: ReadonlyMap<string, number>;
  readonly exitCode: number;
}> {
  let exitCode = 0;
  const queued: { readonly run: string; readonly queue: QueuedIn }[] = [];
  let found: Listed[] = [];
  const sorted = (): Listed[] => found.toSorted((one, other) => other.position - one.position);
  const all = allRuns(store, ({ message }) => {
    exitCode = 1;
    note(`troupe: ${oneLine(message)}`);
  });
  for await (const one of all) {
    if (interrupted.aborted) break;
    const { queue, isQueued } = one.head.state;
    if (queue !== undefined && isQueued === true) queued.push({ run: one.run, queue });
    if (!isWanted(one)) continue;
    found.push({ position: one.head.position, overview: overviewOf(one.run, one.head, one.refused) });
    if (found.length >= 2 * limit) found = sorted().slice(0, limit); // keeps memory bounded
  }
  const positions = new Map(waitingIn(queued).map(({ run, position }) => [run, position]));
  return { found: sorted().slice(0, limit), positions, exitCode };
}
