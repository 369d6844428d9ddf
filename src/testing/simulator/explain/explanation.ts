/** What a failing run's report says of it: what its actors did, what raced, who waits for whom. */

import { isTroupeError } from "../../../errors/troupe-error.ts";
import { invokeWorkflow } from "../../../traces/semantic-names.ts";
import { ofActors, whatRaced } from "./races.ts";
import { recounted } from "./recounted.ts";
import type { RunLog, Seen } from "./run-log.ts";
import { deedOf, timeline } from "./timeline.ts";
import { whoWaits } from "./waits.ts";

/** Its lines; none where nothing was seen. Runs of workflows are told by their spans, and actors alone by what each did in a step. */
export function explanation({ seen, spans }: Pick<RunLog, "seen" | "spans">, thrown: unknown): string[] {
  const isStuck = isTroupeError(thrown, "deadlock") || isTroupeError(thrown, "timed-out");
  const waits = isStuck ? whoWaits(seen) : [];
  if (waits.length > 0) return ["Who waits for whom:", ...waits, ...faultsOf(seen)];
  const hasRuns = spans.some(({ name }) => name.startsWith(`${invokeWorkflow} `));
  const table = hasRuns ? [] : timeline(seen, deedOf);
  const raced = whatRaced(seen, ofActors);
  return [
    ...(table.length === 0 ? [] : ["What its shortest schedule does:", ...table]),
    ...(hasRuns ? recounted(spans) : []),
    ...(raced === undefined ? [] : [`What raced: ${raced}`]),
  ];
}

function faultsOf(seen: readonly Seen[]): string[] {
  const faults = seen.flatMap((one) => (one.type === "fault" ? [`  after step ${one.step}: ${one.what}`] : []));
  return faults.length === 0 ? [] : ["What went wrong before:", ...faults];
}
