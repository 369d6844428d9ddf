/** Tells and asks, across threads and within one, against one `postMessage` each. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type ActorRef, createSystem } from "troupe";
import { counter, reading, sender, sink } from "./actors.ts";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";

const tells = 100_000;
const asks = 10_000;
/** The raw baseline lets the event loop turn now and then; without, Node.js only queues. */
const rawPerTurn = 1000;

export const messages: Topic = {
  name: "messages",
  about:
    "A tell is sent by code outside any actor on the main thread, validated and copied, to an actor on another thread; the\n" +
    "baseline posts the same six fields without validation. Asks are sequential. Not measured: large messages, many threads.",
  run: async () => [...(await tellsAcross()), ...(await asksAcross()), ...(await within())],
};

async function rawThread(): Promise<Worker> {
  const worker = new Worker(new URL("./raw-thread.mjs", import.meta.url));
  await once(worker, "online");
  return worker;
}

async function tellsAcross(): Promise<Figure[]> {
  const worker = await rawThread();
  await using system = await createSystem({ threads: 1 });
  const stateless = await system.spawn(sink);
  const stateful = await system.spawn(counter);
  const figures = await measure({
    bench: "tell across threads",
    unit: "messages/s",
    baseline: "postMessage",
    rounds: 7,
    subjects: [
      {
        name: "postMessage",
        async run() {
          const start = performance.now();
          for (let i = 0; i < tells; i++) {
            worker.postMessage({ kind: "take", ...reading() });
            if (i % rawPerTurn === 0) await new Promise(setImmediate);
          }
          worker.postMessage({ kind: "taken" });
          await once(worker, "message");
          return perSecond(tells, start);
        },
      },
      { name: "tell, six fields", run: () => tellMany(() => stateless.tell("take", reading()), stateless) },
      { name: "tell, no fields", run: () => tellMany(() => stateless.tell("tick"), stateless) },
      { name: "tell, six fields, over a draft", run: () => tellMany(() => stateful.tell("take", reading()), stateful) },
    ],
  });
  await worker.terminate();
  return figures;
}

async function tellMany(tell: () => Promise<void>, ref: { ask(type: "taken"): Promise<number> }): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < tells; i++) await tell();
  await ref.ask("taken");
  return perSecond(tells, start);
}

async function asksAcross(): Promise<Figure[]> {
  const worker = await rawThread();
  await using system = await createSystem({ threads: 1 });
  const ref = await system.spawn(sink);
  const figures = await measure({
    bench: "ask across threads",
    unit: "µs",
    baseline: "postMessage round trip",
    rounds: 7,
    subjects: [
      {
        name: "postMessage round trip",
        async run() {
          const start = performance.now();
          for (let i = 0; i < asks; i++) {
            worker.postMessage({ kind: "echo", n: i });
            await once(worker, "message");
          }
          return ((performance.now() - start) * 1000) / asks;
        },
      },
      {
        name: "ask",
        async run() {
          const start = performance.now();
          for (let i = 0; i < asks; i++) await ref.ask("echo", i);
          return ((performance.now() - start) * 1000) / asks;
        },
      },
    ],
  });
  await worker.terminate();
  return figures;
}

async function within(): Promise<Figure[]> {
  await using system = await createSystem({ threads: 1 });
  const ref = await system.spawn(sink, { name: "neighbour", placement: { thread: 1 } });
  const neighbour: ActorRef<typeof sender.protocol> = await system.spawn(sender, { placement: { thread: 1 } });
  const timeout = Number.POSITIVE_INFINITY;
  const told = await measure({
    bench: "tell within a thread",
    unit: "messages/s",
    rounds: 7,
    subjects: [
      {
        name: "tell, six fields",
        async run() {
          const start = performance.now();
          await neighbour.tell("tell", { to: "neighbour", count: tells });
          await neighbour.ask("ask", { to: "neighbour", count: 1 }, { timeout }); // handled after the tells
          await ref.ask("taken");
          return perSecond(tells, start);
        },
      },
    ],
  });
  const asked = await measure({
    bench: "ask within a thread",
    unit: "µs",
    rounds: 7,
    subjects: [{ name: "ask", run: () => neighbour.ask("ask", { to: "neighbour", count: asks }, { timeout }) }],
  });
  return [...told, ...asked];
}
