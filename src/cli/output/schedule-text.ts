/** Shows a schedule on the command line. */

import type { ScheduleRequest } from "../../workflows/schedule/schedule-state.ts";
import type { ScheduleView } from "../../workflows/schedule/schedule-view.ts";
import { durationText } from "./duration-text.ts";
import { oneLine } from "./one-line.ts";
import type { Paint } from "./paint.ts";
import { timeText } from "./version-text.ts";

/** `nightly report@1.0.0 "0 2 * * *" Europe/Lisbon next 2026-02-01T02:00:00.000Z; started nightly@2026-01-31T02:00:00Z`, on one line. */
export function scheduleText(view: ScheduleView, paint: Paint): string {
  const { id, workflow, times, next, paused, tenant, queue, last, requests = [] } = view;
  const state = paused === undefined ? (next === undefined ? "over" : `next ${timeText(next)}`) : "paused";
  const about = [
    ...(paused === undefined
      ? []
      : [`since ${timeText(paused.since)}${paused.reason === undefined ? "" : `: ${paused.reason}`}`]),
    ...(tenant === undefined ? [] : [`for ${tenant}`]),
    ...(queue === undefined ? [] : [`in the queue ${queue.name}`]),
    ...(last === undefined ? [] : [lastText(last)]),
    ...requests.map(requestText),
  ];
  const line = [paint("bold", oneLine(id)), oneLine(workflow), oneLine(timesText(times)), paint("cyan", state)].join(
    " ",
  );
  return about.length === 0 ? line : `${line}; ${about.map(oneLine).join("; ")}`;
}

function timesText(times: ScheduleView["times"]): string {
  if ("cron" in times) return `"${times.cron}" ${times.timeZone}`;
  return "at" in times ? `at ${timeText(times.at)}` : `every ${durationText(times.every)}`;
}

function requestText(request: ScheduleRequest): string {
  if (request.kind === "trigger") return `is to start ${request.run}`;
  return `is to start those of ${timeText(request.from)}..${timeText(request.to)}`;
}

function lastText({ outcome, at, from, run = "", missed, why = "" }: NonNullable<ScheduleView["last"]>): string {
  const when = from === undefined ? timeText(at) : `${timeText(from)}..${timeText(at)}`;
  switch (outcome) {
    case "started":
      return `started ${run}${missed === undefined ? "" : `, missed ${timeText(missed.from)}..${timeText(missed.to)}`}`;
    case "skipped":
      return `skipped ${when}, as ${run} went on`;
    case "failed":
      return `could not start that of ${when}: ${why}`;
    case "missed":
    case "paused":
      return `${outcome === "missed" ? "missed" : "was paused at"} ${when}`;
  }
}
