/** Many actors that send to one, and one that sends to many. */

import { createSystem, type Placement } from "troupe";
import { counter } from "./actors.ts";
import { type Cost, costOf, measureCosts } from "../src/bench/measure.ts";
import type { Figure } from "../src/bench/figure.ts";
import type { Topic } from "./topic.ts";
import { source } from "./traffic-actors.ts";

const messages = 64_000;
const widths = [1, 8, 64] as const;
const timeout = 600_000;

export const fan: Topic = {
  name: "fan",
  about:
    "Fan-in: actors on two threads send messages of six fields to one, which counts them in its state. Fan-out: one actor sends\n" +
    "them to many in turn. As many messages, however many actors; all of them arrive. Not measured: streams of events.",
  async run() {
    const figures: Figure[] = [];
    for (const [bench, shape] of [
      ["fan-in", (width: number): [number, number] => [width, 1]],
      ["fan-out", (width: number): [number, number] => [1, width]],
    ] as const) {
      figures.push(
        ...(await measureCosts({
          bench,
          unit: "messages",
          work: messages,
          rounds: 3,
          baseline: nameOf(widths[0]),
          subjects: widths.map((width) => ({ name: nameOf(width), cost: () => traffic(...shape(width)) })),
        })),
      );
    }
    return figures;
  },
};

const nameOf = (width: number): string => (width === 1 ? "1 to 1" : `${width} actors`);

async function traffic(senders: number, receivers: number): Promise<Cost> {
  await using system = await createSystem({ threads: 2, logger: false });
  const place = (n: number): Placement => ({ thread: 1 + (n % 2) });
  const spawnAll = <T>(count: number, spawn: (n: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => spawn(n)));
  const to = await spawnAll(receivers, (n) => system.spawn(counter, { placement: place(n) }));
  const from = await spawnAll(senders, (n) => system.spawn(source, { placement: place(n + 1) }));
  let taken = 0;
  const cost = await costOf(async () => {
    await Promise.all(from.map((ref) => ref.ask("send", { to, count: messages / senders }, { timeout })));
    for (const counted of await Promise.all(to.map((ref) => ref.ask("taken", undefined, { timeout }))))
      taken += counted;
  });
  if (taken !== messages) throw new Error(`${taken} messages came of ${messages}`);
  return cost;
}
