/** `troupe queues`: lists the queues of runs, with what each allows, and how many runs of each key wait and go on; shows one, or sets what it allows. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import { isOpen } from "../../workflows/history/run-state.ts";
import { checkQueueOptions, type QueueOptions } from "../../workflows/queue/queue-options.ts";
import { queueState, withLimits } from "../../workflows/queue/queue-state.ts";
import { type RunOfQueue, storedQueue } from "../../workflows/queue/queue-view.ts";
import type { Arguments } from "../arguments/arguments.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import type { Command, Task } from "../command/command.ts";
import type { Terminal } from "../command/terminal.ts";
import { allRuns } from "../journal/find-runs.ts";
import { withStore } from "../journal/open-store.ts";
import { nearNames } from "../output/near-names.ts";
import { oneLine } from "../output/one-line.ts";
import { painter } from "../output/paint.ts";
import { queueText } from "../output/queue-text.ts";

const actions = ["list", "show", "set"] as const;

interface Place {
  readonly journal: string;
  readonly json: boolean;
}

export const queues: Command = {
  name: "queues",
  summary: "list the queues of runs, what each allows, and how many wait and go on; set what one allows",
  flags: { ...journalFlags },
  read(given) {
    const [name = "list"] = given.positionals;
    const action = actions.find((one) => one === name);
    if (action === undefined) throw given.wrong(`${oneLine(name)} is none of ${actions.join(", ")}`);
    const place = { journal: journalOf(given), json: given.flag("json") };
    switch (action) {
      case "list":
        given.named("ACTION?");
        return print(place, (store) => store.ids(queueState));
      case "show": {
        const [, queue = ""] = given.named("ACTION", "NAME");
        return print(place, async (store) => [await findQueue(store, queue)]);
      }
      case "set": {
        const [, queue = "", json = ""] = given.named("ACTION", "NAME", "LIMITS");
        return set(place, queue, limitsOf(given, json));
      }
    }
  },
  help: `troupe queues: list the queues of runs, what each allows, and how many runs of each key wait and go on; show one, or set what it allows

Usage:
  troupe queues --journal DIR [--json]
  troupe queues show NAME --journal DIR [--json]
  troupe queues set NAME LIMITS --journal DIR [--json]

  LIMITS   what it allows from now on, in all and for each key, as JSON: '{"all":{"concurrency":20},"perKey":{"concurrency":2}}'. It makes
           the queue if there is none of that name; '{}' allows any number

Options:
${journalHelp}

To set what a queue allows, no system may have the journal open; one that does has system.queues.set. The limits count from the next system on that opens the
journal, unless its program sets others.

troupe runs shows of each run that waits in a queue its key and its position there.

${exitCodes}`,
};

/** @throws TroupeError `invalid-options` for anything but limits. */
function limitsOf(given: Arguments, json: string): QueueOptions {
  let limits: unknown;
  try {
    limits = JSON.parse(json);
  } catch (cause) {
    throw given.wrong(`LIMITS is what the queue allows as JSON, such as '{"all":{"concurrency":20}}'`, cause);
  }
  checkQueueOptions(limits as QueueOptions);
  return limits as QueueOptions;
}

function print(place: Place, names: (store: OwnedStore) => Promise<readonly string[]>): Task {
  return (terminal, ports) =>
    withStore({ journal: place.journal, mode: "read" }, terminal, ports, async ({ store }) =>
      printQueues(place, store, terminal, await names(store)),
    );
}

function set(place: Place, name: string, limits: QueueOptions): Task {
  return (terminal, ports) =>
    withStore({ journal: place.journal, mode: "write" }, terminal, ports, async ({ store }) => {
      const found = await store.snapshot(queueState, name);
      const next = withLimits(found?.state, limits);
      await store.put(queueState, name, next, { expectedVersion: found?.version ?? 0 });
      return printQueues(place, store, terminal, [name]);
    });
}

async function printQueues(
  { json }: Place,
  store: OwnedStore,
  terminal: Terminal,
  names: readonly string[],
): Promise<number> {
  let exitCode = 0;
  const runs: RunOfQueue[] = [];
  const all = allRuns(store, ({ message }) => {
    exitCode = 1;
    terminal.note(`troupe: ${oneLine(message)}`);
  });
  for await (const { run, head } of all) {
    if (terminal.interrupted.aborted) return 1;
    const { queue, isQueued } = head.state;
    if (queue !== undefined && isOpen(head.state)) runs.push({ run, queue, isWaiting: isQueued === true });
  }
  const paint = painter(terminal.colours);
  for (const name of names) {
    const found = await store.snapshot(queueState, name);
    if (found === undefined) continue;
    const view = storedQueue(name, found.state, runs);
    await terminal.print(json ? JSON.stringify(view) : queueText(view, paint));
  }
  return exitCode;
}

/** @throws TroupeError (as a rejection) `no-such-queue`, which lists queues with similar names. */
async function findQueue(store: OwnedStore, name: string): Promise<string> {
  const names = await store.ids(queueState);
  if (names.includes(name)) return name;
  const near = nearNames(name, names);
  const instead = near.length === 0 ? "troupe queues lists those there are" : `did you mean ${near.join(", ")}?`;
  throw new TroupeError("no-such-queue", oneLine(`there is no queue ${name}; ${instead}`), {
    details: { queue: name },
  });
}
