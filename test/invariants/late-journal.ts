/** A journal that takes its time, in the simulator's: a commit is written some time after it was asked for, and told later. */

import { memoryJournal, type Journal } from "../../src/index.ts";
import type { World } from "../../src/testing/simulate.ts";

/** Milliseconds that each of the two takes at most. */
const longest = 30;

export class LateJournal {
  readonly journal: Journal;
  /** Until there is one, nothing waits. */
  world: World | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(inner: Journal = memoryJournal()) {
    const append: Journal["append"] = (records) => {
      const written = this.#last.then(() => this.#pause()).then(() => inner.append(records));
      this.#last = written.then(() => undefined);
      return written.then(() => this.#pause());
    };
    this.journal = new Proxy(inner, {
      get: (target, name) => (name === "append" ? append : (Reflect.get(target, name, target) as unknown)),
    });
  }

  async #pause(): Promise<void> {
    await this.world?.sleep(this.world.random() * longest);
  }
}
