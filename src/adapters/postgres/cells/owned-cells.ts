/** The cells that this process has: starts the system of each, and ends it. */

import { isTroupeError, type TroupeError } from "../../../errors/troupe-error.ts";
import type { System } from "../../../runtime/system/system.ts";
import type { Taken } from "../lease.ts";
import type { CellsEvent } from "./cells-events.ts";

/** - `starting`: its system is being started. `running`: it works. `leaving`: it lets go of what is in flight. */
type Owned =
  | { readonly kind: "starting"; readonly done: Promise<void> }
  | { readonly kind: "running"; readonly epoch: number; readonly system: System }
  | { readonly kind: "leaving"; readonly done: Promise<void> };

interface Failure {
  readonly failures: number;
  /** By the monotonic clock. */
  readonly until: number;
}

export interface OwnedCellsPorts {
  /** Takes a cell, where no other process holds it. */
  take(cell: number): Promise<Taken | undefined>;
  /** Starts the system of a cell that was taken; gives the cell back where that fails. */
  start(taken: Taken): Promise<System>;
  publish(event: CellsEvent): void;
}

const firstPause = 1_000;
const longestPause = 60_000;

export class OwnedCells {
  readonly #ports: OwnedCellsPorts;
  readonly #owned = new Map<number, Owned>();
  readonly #failed = new Map<number, Failure>();

  constructor(ports: OwnedCellsPorts) {
    this.#ports = ports;
  }

  /** The numbers of those whose systems work, ascending. */
  get running(): readonly number[] {
    return [...this.#owned].flatMap(([cell, { kind }]) => (kind === "running" ? [cell] : [])).sort((a, b) => a - b);
  }

  system(cell: number): System | undefined {
    const owned = this.#owned.get(cell);
    return owned?.kind === "running" ? owned.system : undefined;
  }

  has(cell: number): boolean {
    return this.#owned.has(cell);
  }

  /** Takes a cell and starts its system. Does nothing for one that is here, or has failed a moment ago. */
  take(cell: number): void {
    if (this.#owned.has(cell) || performance.now() < (this.#failed.get(cell)?.until ?? 0)) return;
    this.#owned.set(cell, { kind: "starting", done: this.#start(cell) });
  }

  /** Gives a cell back, unless another one is being given back. */
  giveBack(cell: number): void {
    if ([...this.#owned.values()].some(({ kind }) => kind === "leaving")) return;
    this.#leave(cell);
  }

  /** Gives all back. Resolves when they are free. */
  async close(): Promise<void> {
    await Promise.all([...this.#owned.values()].map(async (owned) => owned.kind === "starting" && owned.done));
    for (const cell of this.#owned.keys()) this.#leave(cell);
    await Promise.all([...this.#owned.values()].map(async (owned) => owned.kind === "leaving" && owned.done));
  }

  async #start(cell: number): Promise<void> {
    const { take, start, publish } = this.#ports;
    try {
      const taken = await take(cell);
      if (taken === undefined) return void this.#owned.delete(cell);
      const system = await start(taken);
      this.#owned.set(cell, { kind: "running", epoch: taken.epoch, system });
      this.#failed.delete(cell);
      publish({ type: "cell-taken", cell, epoch: taken.epoch });
      system.events$.subscribe((event) => {
        if (event.type === "ownership-lost") publish({ type: "cell-lost", cell, error: event.error as TroupeError });
      });
      system.role$.subscribe((role) => {
        if (role === "ended" && this.#owned.get(cell)?.kind === "running") this.#owned.delete(cell);
      });
    } catch (error) {
      this.#owned.delete(cell);
      const failures = (this.#failed.get(cell)?.failures ?? 0) + 1;
      const retryAfter = Math.min(longestPause, firstPause * 2 ** (failures - 1));
      this.#failed.set(cell, { failures, until: performance.now() + retryAfter });
      publish({ type: "cell-failed", cell, error, retryAfter });
    }
  }

  #leave(cell: number): void {
    const owned = this.#owned.get(cell);
    if (owned?.kind !== "running") return;
    const done = this.#end(cell, owned.system);
    this.#owned.set(cell, { kind: "leaving", done });
  }

  async #end(cell: number, system: System): Promise<void> {
    try {
      await system.close();
    } catch (error) {
      // it has ended all the same; its lease runs out
      if (!isTroupeError(error)) throw error;
    } finally {
      this.#owned.delete(cell);
      this.#ports.publish({ type: "cell-given-back", cell });
    }
  }
}
