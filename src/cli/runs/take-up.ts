/** Starts a system on a journal, goes on with chosen runs, and prints how each ended. */

import type { Run } from "../../workflows/run.ts";
import type { TroupeError } from "../../errors/troupe-error.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import type { CommandPorts } from "../command/command.ts";
import type { CommandSystem } from "../command/command-system.ts";
import type { FoundRun } from "../journal/find-runs.ts";
import { readyToImport } from "../modules/import-module.ts";
import { loadWorkflows } from "../modules/load-workflow.ts";
import { messageOf, oneLine } from "../output/one-line.ts";
import { withStore } from "../journal/open-store.ts";
import { outcomeOf, type OutcomeStatus, type RunOutcome } from "../output/run-outcome.ts";
import { RunReport } from "./run-report.ts";
import type { TakeUpOrder } from "../arguments/take-up-arguments.ts";
import { systemOptionsOf } from "../command/system-options.ts";
import type { Terminal } from "../command/terminal.ts";
import { untilParked } from "../command/until-parked.ts";
import { unlessAborted } from "../command/unless-aborted.ts";
import { placeOfJournal } from "../journal/journal-place.ts";

/** What a command does with runs. */
export interface Undertaking {
  /**
   * Chooses the runs. Throws, before anything is done, if a run isn't in a state for the command. `onDamage` is called
   * for each damaged run, which is left out.
   */
  choose(store: OwnedStore, onDamage: (error: TroupeError) => void): Promise<readonly FoundRun[]>;
  /** Whether the system goes on with them when it starts; otherwise they wait for `begin`. */
  readonly recovers: boolean;
  /** Carries out the command on a run, and returns the handle to wait for. */
  begin(run: Run, system: CommandSystem): Promise<Run>;
  /** Whether this is the status that the command aims at. */
  isMeant(status: OutcomeStatus): boolean;
}

/** Prints a line for each run as it ends, and a summary to stderr if there are several. Returns the exit code. */
export async function takeUp(
  order: TakeUpOrder,
  undertaking: Undertaking,
  terminal: Terminal,
  ports: CommandPorts,
): Promise<number> {
  let isDamaged = false;
  const onDamage = ({ message }: TroupeError): void => {
    isDamaged = true;
    terminal.note(`troupe: ${oneLine(message)}`);
  };
  const ready = await unlessAborted(terminal.interrupted, async () => {
    let chosen: readonly FoundRun[] = [];
    await withStore({ journal: order.journal, mode: "read" }, terminal, ports, async ({ store }) => {
      chosen = await undertaking.choose(store, onDamage);
      return 0;
    });
    return {
      chosen,
      system: chosen.length === 0 ? undefined : await start(order, undertaking, chosen, terminal, ports),
    };
  });
  if (ready === undefined) return 1;
  const { chosen, system } = ready;
  if (system === undefined) {
    terminal.note("there is no run to go on with");
    return isDamaged ? 1 : 0;
  }
  try {
    const isMeant = await waitForAll(order, undertaking, chosen, system, terminal);
    return isMeant && !isDamaged ? 0 : 1;
  } finally {
    await system.close();
  }
}

async function start(
  order: TakeUpOrder,
  { recovers }: Undertaking,
  chosen: readonly FoundRun[],
  terminal: Terminal,
  { start: startSystem, openJournal }: CommandPorts,
): Promise<CommandSystem> {
  const { journal, modules } = order;
  const { cwd, note } = terminal;
  const options = await systemOptionsOf(order, terminal);
  const workflows = (await Promise.all(modules.map((target) => loadWorkflows({ ...target, cwd })))).flat();
  try {
    await readyToImport(chosen.map(({ head }) => head.state.workflow.module));
  } catch (error) {
    note(`troupe: ${messageOf(error)}`); // only runs that need it are refused
  }
  return startSystem({
    journal: openJournal(placeOfJournal(cwd, journal), { readOnly: false }),
    recover: recovers && chosen.map(({ run }) => run),
    workflows,
    ...options,
  });
}

async function waitForAll(
  order: TakeUpOrder,
  { begin, isMeant }: Undertaking,
  chosen: readonly FoundRun[],
  system: CommandSystem,
  terminal: Terminal,
): Promise<boolean> {
  const report = new RunReport(chosen, order, terminal);
  const waitFor = async (id: string): Promise<void> => {
    let outcome: RunOutcome;
    try {
      const run = await begin(await system.findRun(id), system);
      report.follow(id, run);
      const ended = run.result.then((result): RunOutcome => ({ run: id, status: "completed", result }));
      outcome = await Promise.race([ended, untilParked(run).then((): RunOutcome => ({ run: id, status: "waiting" }))]);
    } catch (error) {
      outcome = outcomeOf(id, error);
    }
    await report.tell(outcome);
  };
  await unlessAborted(terminal.interrupted, () => Promise.all(chosen.map(({ run }) => waitFor(run))));
  if (report.left.length > 0)
    terminal.note("interrupted: what has not ended stays as it is, and troupe resume goes on with it");
  for (const run of report.left) await report.tell({ run, status: "unfinished" });
  report.summarize();
  return report.statuses.every(isMeant);
}
