/** Shows a run on the command line. */

import { oneLine } from "./one-line.ts";
import type { Paint } from "./paint.ts";
import type { Attempt, Mishap, OpenWait, RunOverview, Wait } from "./run-overview.ts";
import { timeText } from "./version-text.ts";

/** The most characters of an error's message that are shown. */
const longest = 100;

const colours: Partial<Record<RunOverview["status"], Parameters<Paint>[0]>> = {
  running: "cyan",
  compensating: "yellow",
  completed: "green",
  failed: "red",
  refused: "red",
  "compensation-failed": "red",
};

/** `7 loans@1.0.0 running 1/2 2026-01-31T12:00:00.000Z..2026-01-31T12:00:01.000Z decide is in flight`, on one line. */
export function runText(overview: RunOverview, paint: Paint): string {
  const { run, workflow, status, steps, started, changed } = overview;
  const times = `${started === undefined ? "" : timeText(started)}..${timeText(changed)}`;
  const about = aboutOf(overview).map(oneLine).join("; ");
  return [
    paint("bold", oneLine(run)),
    oneLine(workflow),
    paint(colours[status] ?? "dim", status),
    `${steps.finished}/${steps.total}`,
    times,
    ...(about === "" ? [] : [about]),
  ].join(" ");
}

/** The parts of the line that tell what happens in a run, or how it ended. */
function aboutOf(overview: RunOverview): readonly string[] {
  const { tenant, queue, steps, inFlight, waits, failed, uncompensated, cancelled, undoing, refused, resolved } =
    overview;
  return [
    ...(tenant === undefined ? [] : [`for ${tenant}`]),
    ...(queue?.position === undefined ? [] : [queueText(queue)]),
    ...(refused === undefined ? [] : [`can't go on: ${short(refused)}`]),
    ...(cancelled === undefined ? [] : [because("cancelled", cancelled)]),
    ...(undoing === undefined ? [] : [because("to be undone", undoing)]),
    ...(failed === undefined ? [] : [`${failed.step} failed: ${short(failed)}`]),
    ...(uncompensated === undefined ? [] : [uncompensatedText(uncompensated)]),
    ...(steps.skipped === undefined ? [] : [`${steps.skipped.join(", ")} skipped`]),
    ...(steps.undone === 0 ? [] : [`${steps.undone} undone`]),
    ...inFlight.map((one) => `${whatOf(one)} is in flight${one.attempt === 1 ? "" : `, attempt ${one.attempt}`}`),
    ...waits.map(waitText),
    ...(resolved === undefined ? [] : [`resolved: ${resolved}`]),
  ];
}

function queueText({ name, key, position }: NonNullable<RunOverview["queue"]>): string {
  return `waits in the queue ${name}${key === "" ? "" : ` for ${key}`}, as number ${position}`;
}

function because(what: string, { reason }: { readonly reason?: string }): string {
  return reason === undefined ? what : `${what}: ${reason}`;
}

function uncompensatedText(one: NonNullable<RunOverview["uncompensated"]>): string {
  if (!one.isPivot) return `${one.step} could not be undone: ${short(one)}`;
  return `${one.step} is its point of no return${one.isUncertain === true ? ", and whether it had effects is unknown" : ""}`;
}

function waitText(wait: Wait): string {
  if (isOpenWait(wait)) return openWaitText(wait);
  if (wait.for === "person") return `waits for a person: troupe ${wait.can.join(" or ")}`;
  const when = wait.at === 0 ? "at once" : `at ${timeText(wait.at)}`;
  const what = `${whatOf(wait)} is tried again ${when}, attempt ${wait.attempt}`;
  if (wait.for === "breaker") return `${what}, by the breaker of ${wait.agent}`;
  return wait.after === undefined ? what : `${what}, after: ${short(wait.after)}`;
}

function isOpenWait(wait: Wait): wait is OpenWait {
  return wait.for === "answer" || wait.for === "pause";
}

function openWaitText({ for: what, step, until }: OpenWait): string {
  const end = until === undefined ? "" : ` until ${timeText(until)}`;
  return what === "pause" ? `${step} pauses${end}` : `${step} waits for an answer${end}: troupe tell`;
}

function whatOf({ step, isCompensation }: Attempt): string {
  return isCompensation ? `undoing ${step}` : step;
}

function short({ message }: Pick<Mishap, "message">): string {
  return message.length <= longest ? message : `${message.slice(0, longest - 1)}…`;
}
