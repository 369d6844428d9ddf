/**
 * Has several processes decide applications, each of which runs in the cell of its id, while processes are killed; and holds what came of it against
 * the rules done one after another.
 */

import { isTroupeError } from "troupe";
import { type Cells, type CellsView, createCells } from "troupe/postgres";
import type { Application } from "../application.ts";
import type { Decision } from "../contracts.ts";
import { decideSequentially } from "../oracle.ts";
import { cellsCreditDecision } from "./cells-workflow.ts";
import { MemberProcess, type ProcessOptions } from "./processes.ts";

export interface CellsRunOptions extends ProcessOptions {
  readonly processes: number;
  readonly applications: readonly Application[];
  /** Milliseconds from one end of a process to the next, how it ends, and how many do at most; none where absent. */
  readonly ends?: { readonly every: number; readonly by: "SIGKILL" | "SIGTERM"; readonly most?: number };
  /** How many are submitted and not decided at a time. */
  readonly inFlight: number;
  /** Told of who has which cells, several times a second. */
  readonly onView?: (view: CellsView, processes: readonly MemberProcess[], done: number) => void;
  readonly onEnded?: (member: string, owned: number) => void;
}

export interface CellsOutcome {
  readonly decided: number;
  /** Ratings other than those of the rules, done one after another. */
  readonly wrong: number;
  /** Runs that ended without a decision. */
  readonly failed: readonly string[];
  /** For each process that ended: milliseconds until all its cells were owned again. */
  readonly ownedAgain: readonly number[];
  /** The largest difference between the shares of two processes, whenever nothing had ended or begun for a while. */
  readonly unevenness: number;
  readonly seconds: number;
}

const lookEvery = 100;

/** Decides all applications. The first processes have their shares before the first one is submitted. */
export async function runCells(options: CellsRunOptions): Promise<CellsOutcome> {
  const { processes: count, applications, inFlight, ends, url, schema, cells, lease } = options;
  const processes = new Set(Array.from({ length: count }, () => new MemberProcess(options)));
  await using client = await createCells({
    journal: url,
    schema,
    cells,
    lease,
    workflows: [cellsCreditDecision],
    owns: false,
  });
  const watch = new ShareWatch(client, options, () => [...processes]);
  try {
    await watch.until(({ isEven }) => isEven);
    const began = performance.now();
    let decided = 0;
    let wrong = 0;
    const failed: string[] = [];
    const queue = applications.values();
    const work = async (): Promise<void> => {
      for (const application of queue) {
        const { id } = application;
        const run = await client.submit(cellsCreditDecision, application, { id });
        try {
          const decision = (await run.result) as Decision;
          decided++;
          if (decision.rating !== decideSequentially(application).rating) wrong++;
        } catch (error) {
          if (!isTroupeError(error)) throw error;
          failed.push(`${id}: ${error.message}`);
        }
        watch.done = decided;
      }
    };
    const all = Promise.all(Array.from({ length: inFlight }, work));
    const over = all.then(() => true);
    over.catch(() => undefined); // it is awaited below
    const ownedAgain: number[] = [];
    const { every, by, most = Number.POSITIVE_INFINITY } = ends ?? { every: 0, by: "SIGKILL", most: 0 };
    while (ownedAgain.length < most) {
      if (await Promise.race([over, after(every)])) break;
      const [oldest] = processes;
      if (oldest === undefined) break;
      processes.delete(oldest);
      const had = watch.ownedBy(oldest.member);
      const at = performance.now();
      const gone = oldest.end(by);
      processes.add(new MemberProcess(options));
      options.onEnded?.(oldest.member ?? "a process", had.length);
      await watch.until(({ view }) => had.every((cell) => isOwnedByAnother(view, cell, oldest.member)));
      ownedAgain.push(performance.now() - at);
      await gone;
    }
    await over;
    const seconds = (performance.now() - began) / 1_000;
    await watch.until(({ isEven }) => isEven);
    return { decided, wrong, failed, ownedAgain, unevenness: watch.unevenness, seconds };
  } finally {
    await watch.close();
    await Promise.all([...processes].map(async (one) => one.end("SIGKILL")));
  }
}

async function after(ms: number): Promise<false> {
  await new Promise((resolve) => void setTimeout(resolve, ms));
  return false;
}

function isOwnedByAnother({ cells }: CellsView, cell: number, member: string | undefined): boolean {
  const owner = cells.find((one) => one.cell === cell)?.owner;
  return owner !== undefined && owner !== member;
}

interface Look {
  readonly view: CellsView;
  /** True where each process that runs has its share, within one of each other, and no cell is free. */
  readonly isEven: boolean;
}

/** Looks at who has which cells, again and again. */
class ShareWatch {
  done = 0;
  unevenness = 0;
  readonly #client: Cells;
  readonly #options: CellsRunOptions;
  readonly #processes: () => readonly MemberProcess[];
  readonly #watching: Promise<void>;
  #last: CellsView = { members: [], cells: [] };
  #waiting: {
    readonly isSo: (look: Look) => boolean;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  #isClosed = false;

  constructor(client: Cells, options: CellsRunOptions, processes: () => readonly MemberProcess[]) {
    this.#client = client;
    this.#options = options;
    this.#processes = processes;
    this.#watching = this.#watch();
  }

  ownedBy(member: string | undefined): readonly number[] {
    return this.#last.cells.flatMap(({ cell, owner }) => (owner === member ? [cell] : []));
  }

  until(isSo: (look: Look) => boolean): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ isSo, resolve, reject }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#isClosed) {
      try {
        for (const one of this.#processes()) await one.check();
        this.#last = await this.#client.look();
        this.#see(this.#last);
      } catch (error) {
        for (const { reject } of this.#waiting.splice(0)) reject(error);
      }
      await new Promise((resolve) => void setTimeout(resolve, lookEvery));
    }
  }

  #see(view: CellsView): void {
    const processes = this.#processes();
    const shares = processes.map(({ member }) => view.cells.filter(({ owner }) => owner === member).length);
    const difference = Math.max(...shares) - Math.min(...shares);
    const isEven =
      processes.every(({ member }) => member !== undefined) &&
      difference <= 1 &&
      view.cells.every(({ owner }) => owner !== undefined);
    this.unevenness = difference;
    this.#options.onView?.(view, processes, this.done);
    const look = { view, isEven };
    this.#waiting = this.#waiting.filter(({ isSo, resolve }) => {
      if (!isSo(look)) return true;
      resolve();
      return false;
    });
  }
}
