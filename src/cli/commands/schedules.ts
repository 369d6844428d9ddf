/** `troupe schedules`: lists the schedules, pauses one, goes on with it, or removes it. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { OwnedStore } from "../../store/owned-store.ts";
import { Calendar } from "../../workflows/schedule/calendar.ts";
import { pause, resume } from "../../workflows/schedule/schedule-machine.ts";
import { type ScheduleState, scheduleState } from "../../workflows/schedule/schedule-state.ts";
import { type ScheduleView, viewOfSchedule } from "../../workflows/schedule/schedule-view.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import type { Command, Task } from "../command/command.ts";
import { withStore } from "../journal/open-store.ts";
import { nearNames } from "../output/near-names.ts";
import { oneLine } from "../output/one-line.ts";
import { painter } from "../output/paint.ts";
import { scheduleText } from "../output/schedule-text.ts";

const actions = ["list", "pause", "resume", "remove"] as const;

interface Order {
  readonly journal: string;
  readonly reason: string | undefined;
  readonly json: boolean;
}

export const schedules: Command = {
  name: "schedules",
  summary: "list what runs by schedule; pause, resume or remove a schedule",
  flags: { ...journalFlags, reason: { type: "string" } },
  read(given) {
    const [name = "list"] = given.positionals;
    const action = actions.find((one) => one === name);
    if (action === undefined) throw given.wrong(`${oneLine(name)} is none of ${actions.join(", ")}`);
    const [, id = ""] = action === "list" ? given.named("ACTION?") : given.named("ACTION", "ID");
    const reason = given.optional("reason", "--reason TEXT");
    const order = { journal: journalOf(given), reason, json: given.flag("json") };
    if (reason !== undefined && (action === "list" || action === "resume"))
      throw given.wrong(`--reason is for pause and remove, not for ${action}`);
    return action === "list" ? list(order) : change(order, action, id);
  },
  help: `troupe schedules: list what runs by schedule, and when it is due next; pause, resume or remove a schedule

Usage:
  troupe schedules --journal DIR [--json]
  troupe schedules pause ID --journal DIR [--reason TEXT] [--json]
  troupe schedules resume ID --journal DIR [--json]
  troupe schedules remove ID --journal DIR [--reason TEXT] [--json]

  pause    times that come until it is resumed have no run
  resume   it goes on from its next time on
  remove   it is gone; its runs stay

Options:
  --reason TEXT   why; it is kept in the schedule's history
${journalHelp}

To pause, resume or remove one, no system may have the journal open. A system that does has the same as system.schedules.

${exitCodes}`,
};

function list({ journal, json }: Order): Task {
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

function change({ journal, reason, json }: Order, action: "pause" | "resume" | "remove", id: string): Task {
  return (terminal, ports) =>
    withStore({ journal, mode: "write" }, terminal, ports, async ({ store, authority }) => {
      const calendar = new Calendar();
      const { state, version } = await findSchedule(store, id);
      if (action === "remove") {
        await store.erase(scheduleState, id, { reason: reason ?? "asked for" });
        await terminal.print(json ? JSON.stringify({ id, removed: true }) : `${oneLine(id)} is removed`);
        return 0;
      }
      const now = authority.time;
      const next = action === "pause" ? pause(state, now, reason) : resume(state, now, calendar);
      if (next !== state) await store.put(scheduleState, id, next, { expectedVersion: version });
      const view: ScheduleView = viewOfSchedule(id, next, calendar);
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
