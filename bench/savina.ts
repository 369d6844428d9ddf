/** Savina's actor programs, with their published parameters, in Troupe and in what is installed beside it. */

import { createSystem } from "troupe";
import { type Cost, costOf, measureCosts } from "../src/bench/measure.ts";
import type { Figure } from "../src/bench/figure.ts";
import type { Topic } from "./topic.ts";
import { erlang } from "./peers/erlang.ts";
import { libraryPeers } from "./peers/libraries.ts";
import { banking } from "./savina/banking.ts";
import { big } from "./savina/big.ts";
import { boundedBuffer } from "./savina/bounded-buffer.ts";
import { chameneos } from "./savina/chameneos.ts";
import { counting } from "./savina/counting.ts";
import { diningPhilosophers } from "./savina/dining-philosophers.ts";
import { fibonacci } from "./savina/fibonacci.ts";
import { forkJoinCreate } from "./savina/fork-join-create.ts";
import { nQueens } from "./savina/n-queens.ts";
import { pingPong } from "./savina/ping-pong.ts";
import type { Program } from "./savina/program.ts";
import { sieve } from "./savina/sieve.ts";
import { threadRing } from "./savina/thread-ring.ts";

const programs = [
  pingPong,
  counting,
  forkJoinCreate,
  threadRing,
  chameneos,
  big,
  boundedBuffer,
  diningPhilosophers,
  banking,
  nQueens,
  sieve,
  fibonacci,
];

const rounds = 3;

export const savina: Topic = {
  name: "savina",
  about:
    "Imam and Sarkar's actor programs with their published parameters; each checks its result. Troupe validates and copies every\n" +
    "message, runs each handler over a draft, and keeps its actors on one thread or on two; nact, XState and Effect do neither, on one\n" +
    "thread, and their queues have no bound; Erlang copies. The peers are installed by hand: npm install --prefix bench/peers, and\n" +
    "Debian's erlang-base. Not measured: Effect at big. It takes an hour or more under load.",
  async run() {
    const [libraries, beam] = await Promise.all([libraryPeers(), erlang()]);
    const figures: Figure[] = [];
    for (const program of programs) {
      const peers = [...libraries.filter(({ name }) => name === program.name), ...beam(program.name)];
      figures.push(
        ...(await measureCosts({
          bench: `savina, ${program.name}`,
          unit: program.unit,
          work: program.work,
          rounds: program.rounds ?? rounds,
          baseline: "Troupe, one thread",
          subjects: [
            { name: "Troupe, one thread", cost: () => inTroupe(program, 1) },
            { name: "Troupe, two threads", cost: () => inTroupe(program, 2) },
            ...peers.map(({ subject, cost }) => ({ name: subject, cost })),
          ],
        })),
      );
    }
    return figures;
  },
};

async function inTroupe(program: Program, threads: number): Promise<Cost> {
  await using system = await createSystem({ threads, logger: false });
  return await costOf(() => program.run(system, (n) => ({ thread: 1 + (n % threads) })));
}
