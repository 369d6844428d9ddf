/** All ways to put twelve queens on a board: a master hands boards to workers, which send longer ones back, or count. */

import { firstValueFrom } from "rxjs";
import { type ActorRef, actorRef, defineActor } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

const size = 12;
export const threshold = 4;
export const workers = 20;
export const solutions = 14_200;

const Board = v.array(v.number());

/** The boards with one queen more. */
export function longer(board: readonly number[]): number[][] {
  return Array.from({ length: size }, (_, row) => [...board, row]).filter(isSafe);
}

/** How many solutions a board leads to. */
export function count(board: readonly number[]): number {
  return board.length === size ? 1 : longer(board).reduce((sum, next) => sum + count(next), 0);
}

/** Whether the last queen is safe from those before it. */
function isSafe(board: readonly number[]): boolean {
  const last = board.length - 1;
  const row = board[last] ?? 0;
  return board.slice(0, last).every((other, column) => other !== row && Math.abs(other - row) !== last - column);
}

const workerProtocol = {
  join: { input: v.string(), reply: v.boolean() },
  work: { input: v.object({ board: Board, depth: v.number() }) },
};

interface Master {
  tell(type: "found", found: number): Promise<void>;
  tell(type: "boards", boards: { boards: number[][]; depth: number }): Promise<void>;
}

export const queensWorker = defineActor(import.meta.url, {
  name: "queens-worker",
  protocol: workerProtocol,
  state: (): { master: Master | undefined } => ({ master: undefined }),
  on: {
    async join(draft, master, context): Promise<boolean> {
      draft.master = await context.find(queensMaster, master);
      return true;
    },
    work({ master }, { board, depth }): Promise<void> | undefined {
      if (depth >= threshold) return master?.tell("found", count(board));
      return master?.tell("boards", { boards: longer(board), depth: depth + 1 });
    },
  },
});

interface Search {
  workers: ActorRef<typeof workerProtocol>[];
  next: number;
  open: number;
  found: number;
}

export const queensMaster = defineActor(import.meta.url, {
  name: "queens-master",
  protocol: {
    start: { input: v.array(actorRef(queensWorker)) },
    boards: { input: v.object({ boards: v.array(Board), depth: v.number() }) },
    found: { input: v.number() },
  },
  events: v.number(),
  mailbox: { capacity: 20_000 },
  state: (): Search => ({ workers: [], next: 0, open: 1, found: 0 }),
  on: {
    async start(draft, all) {
      draft.workers = all;
      await all[0]?.tell("work", { board: [], depth: 0 });
    },
    async boards(draft, { boards, depth }, context) {
      draft.open += boards.length - 1;
      for (const board of boards) await draft.workers[draft.next++ % workers]?.tell("work", { board, depth });
      if (draft.open === 0) context.emit(draft.found);
    },
    found(draft, found, context) {
      draft.open--;
      draft.found += found;
      if (draft.open === 0) context.emit(draft.found);
    },
  },
});

export const nQueens: Program = {
  name: "n-queens",
  unit: "solutions",
  work: solutions,
  async run(system, place) {
    const master = await system.spawn(queensMaster, { placement: place(0) });
    const all = await Promise.all(
      Array.from({ length: workers }, (_, n) => system.spawn(queensWorker, { placement: place(n) })),
    );
    await Promise.all(all.map((ref) => ref.ask("join", master.name)));
    const found = firstValueFrom(master.events$);
    await master.tell("start", all);
    checkResult(this.name, await found, solutions);
    await Promise.all([master, ...all].map((ref) => system.stop(ref)));
  },
};
