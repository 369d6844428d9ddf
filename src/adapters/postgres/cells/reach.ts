/** Whether a process reaches the database of its cells: not while the last look of its keeper, or of its watch, has failed. */

import type { CellsEvent } from "./cells-events.ts";

/** - `keeper`: renews the lease, and looks at who has which cell. - `watch`: reads the runs that are followed. */
export type Looker = "keeper" | "watch";

export class Reach {
  readonly #publish: (event: CellsEvent) => void;
  readonly #failing = new Set<Looker>();

  constructor(publish: (event: CellsEvent) => void) {
    this.#publish = publish;
  }

  failed(looker: Looker, error: unknown): void {
    if (this.#failing.size === 0) this.#publish({ type: "database-unreachable", error });
    this.#failing.add(looker);
  }

  succeeded(looker: Looker): void {
    if (this.#failing.delete(looker) && this.#failing.size === 0) this.#publish({ type: "database-reached" });
  }
}
