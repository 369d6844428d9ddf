/** Shows a queue on the command line. */

import type { QueueView } from "../../workflows/queue/queue-view.ts";
import { durationText } from "./duration-text.ts";
import { oneLine } from "./one-line.ts";
import type { Paint } from "./paint.ts";

/** The most keys that are shown. */
const mostKeys = 20;

/** `orders 3 wait, 2 go on; in all 20 at a time; of a key 2 at a time; acme: 3 wait, 2 go on`, on one line. */
export function queueText({ name, all, perKey, waiting, released, keys }: QueueView, paint: Paint): string {
  const busiest = keys.toSorted((one, other) => other.waiting + other.released - one.waiting - one.released);
  const about = [
    ...limitsText("in all", all),
    ...limitsText("of a key", perKey),
    ...busiest
      .slice(0, mostKeys)
      .map((one) => `${one.key === "" ? "without a key" : one.key}: ${countsText(one.waiting, one.released)}`),
    ...(keys.length > mostKeys ? [`${keys.length - mostKeys} more keys`] : []),
  ];
  return [`${paint("bold", oneLine(name))} ${countsText(waiting, released)}`, ...about.map(oneLine)].join("; ");
}

function countsText(waiting: number, released: number): string {
  return `${waiting} wait, ${released} go on`;
}

function limitsText(of: string, { concurrency, rate, waiting }: NonNullable<QueueView["all"]> = {}): readonly string[] {
  const said = [
    ...(concurrency === undefined ? [] : [`${concurrency} at a time`]),
    ...(rate === undefined ? [] : [`${rate.runs} in ${durationText(rate.period)}`]),
    ...(waiting === undefined ? [] : [`${waiting} may wait`]),
  ];
  return said.length === 0 ? [] : [`${of} ${said.join(", ")}`];
}
