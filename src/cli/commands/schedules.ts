/** `troupe schedules`: lists the schedules; pauses one, goes on with it, asks it for runs, or removes it. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import { Calendar } from "../../workflows/schedule/calendar.ts";
import { backfill, pause, resume, trigger } from "../../workflows/schedule/schedule-machine.ts";
import { type Overlap, type ScheduleState, scheduleState } from "../../workflows/schedule/schedule-state.ts";
import { type ScheduleView, viewOfSchedule } from "../../workflows/schedule/schedule-view.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import type { Command, Task } from "../command/command.ts";
import { withStore } from "../journal/open-store.ts";
import { nearNames } from "../output/near-names.ts";
import { oneLine } from "../output/one-line.ts";
import { painter } from "../output/paint.ts";
import { scheduleText } from "../output/schedule-text.ts";

const overlaps = ["skip", "queue", "allow", "cancel"] as const satisfies readonly Overlap[];

/** Which options go with each action. */
const actions = {
  list: [],
  pause: ["reason"],
  resume: [],
  trigger: ["overlap"],
  backfill: ["from", "to", "overlap"],
  remove: ["reason"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Action = keyof typeof actions;

/** The state that comes next. */
type Change = (state: ScheduleState, now: number, calendar: Calendar) => ScheduleState;

interface Place {
  readonly journal: string;
  readonly json: boolean;
}

export const schedules: Command = {
  name: "schedules",
  summary: "list what runs by schedule; pause, resume, trigger or remove a schedule",
  flags: {
    ...journalFlags,
    reason: { type: "string" },
    overlap: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
  },
  read(given) {
    const [name = "list"] = given.positionals;
    const names = Object.keys(actions) as Action[];
    const action = names.find((one) => one === name);
    if (action === undefined) throw given.wrong(`${oneLine(name)} is none of ${names.join(", ")}`);
    const [, id = ""] = action === "list" ? given.named("ACTION?") : given.named("ACTION", "ID");
    for (const option of ["reason", "overlap", "from", "to"] as const) {
      const takers = names.filter((one) => (actions[one] as readonly string[]).includes(option));
      if (given.text(option) !== undefined && !takers.includes(action))
        throw given.wrong(`--${option} is for ${takers.join(" and ")}, not for ${action}`);
    }
    const reason = given.optional("reason", "--reason TEXT");
    const place = { journal: journalOf(given), json: given.flag("json") };
    switch (action) {
      case "list":
        return list(place);
      case "pause":
        return change(place, id, (state, now, calendar) => pause(state, now, calendar, reason));
      case "resume":
        return change(place, id, resume);
      case "trigger": {
        const overlap = given.text("overlap") === undefined ? undefined : given.choice("overlap", overlaps);
        return change(place, id, (state, now) => trigger(id, state, now, overlap === undefined ? {} : { overlap }));
      }
      case "backfill": {
        given.required("from", "--from TIME");
        given.required("to", "--to TIME");
        const [from = 0, to = 0] = [given.time("from", "start"), given.time("to", "end")];
        const overlap = given.choice("overlap", ["queue", "allow"]);
        return change(place, id, (state, now, calendar) => backfill(state, now, calendar, { from, to, overlap }));
      }
      case "remove":
        return remove(place, id, reason);
    }
  },
  help: `troupe schedules: list what runs by schedule, and when it is due next; pause, resume or remove a schedule, or ask it for runs

Usage:
  troupe schedules --journal DIR [--json]
  troupe schedules pause ID --journal DIR [--reason TEXT] [--json]
  troupe schedules resume ID --journal DIR [--json]
  troupe schedules trigger ID --journal DIR [--overlap skip|queue|allow|cancel] [--json]
  troupe schedules backfill ID --from TIME --to TIME --journal DIR [--overlap queue|allow] [--json]
  troupe schedules remove ID --journal DIR [--reason TEXT] [--json]

  pause      times that come until it is resumed have no run
  resume     it goes on from its next time on
  trigger    it is to start a run now
  backfill   those of its times from one moment to another that have passed without a run are to have theirs
  remove     it is gone; its runs stay

Options:
  --reason TEXT    why; it is kept in the schedule's history
  --overlap HOW    what becomes of it while an earlier run goes on: skip, queue, allow or cancel. Default: as the schedule says; queue for backfill
  --from TIME      the first moment, such as 2026-01-31T12:00:00Z or 2026-01-31, or milliseconds since the epoch
  --to TIME        the last moment
${journalHelp}

For all but the list, no system may have the journal open; one that does has the same as system.schedules. This command starts no run: what it asks for is
recorded, and the next system that opens the journal starts it.

${exitCodes}`,
};

function list({ journal, json }: Place): Task {
  return (terminal, ports) =>
    withStore({ journal, mode: "read" }, terminal, ports, async ({ store }) => {
      const calendar = new Calendar();
      const paint = painter(terminal.colours);
      for (const id of await store.ids(scheduleState)) {
        if (terminal.interrupted.aborted) return 1;
        const found = await store.snapshot(scheduleState, id);
        if (found === undefined) continue; // it was removed
        const view = viewOfSchedule(id, found.state, calendar);
        await terminal.print(json ? JSON.stringify(view) : scheduleText(view, paint));
      }
      return 0;
    });
}

function remove({ journal, json }: Place, id: string, reason = "asked for"): Task {
  return (terminal, ports) =>
    withStore({ journal, mode: "write" }, terminal, ports, async ({ store }) => {
      await findSchedule(store, id);
      await store.erase(scheduleState, id, { reason });
      await terminal.print(json ? JSON.stringify({ id, removed: true }) : `${oneLine(id)} is removed`);
      return 0;
    });
}

function change({ journal, json }: Place, id: string, next: Change): Task {
  return (terminal, ports) =>
    withStore({ journal, mode: "write" }, terminal, ports, async ({ store, authority }) => {
      const calendar = new Calendar();
      const { state, version } = await findSchedule(store, id);
      const changed = next(state, authority.time, calendar);
      if (changed !== state) await store.put(scheduleState, id, changed, { expectedVersion: version });
      const view: ScheduleView = viewOfSchedule(id, changed, calendar);
      await terminal.print(json ? JSON.stringify(view) : scheduleText(view, painter(terminal.colours)));
      return 0;
    });
}

/** @throws TroupeError (as a rejection) `no-such-schedule`, which lists those with similar ids. */
async function findSchedule(store: OwnedStore, id: string): Promise<Snapshot<ScheduleState>> {
  const found = await store.snapshot(scheduleState, id);
  if (found !== undefined) return found;
  const near = nearNames(id, await store.ids(scheduleState));
  const instead = near.length === 0 ? "troupe schedules lists those there are" : `did you mean ${near.join(", ")}?`;
  throw new TroupeError("no-such-schedule", oneLine(`there is no schedule ${id}; ${instead}`), {
    details: { schedule: id, near },
  });
}
