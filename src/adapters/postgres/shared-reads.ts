/** Reads that are asked for at about the same time share a statement. */

import { deferred, type Deferred } from "../../async/deferred.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { readers } from "./database.ts";

/** How many one statement asks for, at most. */
const most = 1_000;

interface Waiting<Q, A> {
  readonly asked: Q;
  readonly answer: Deferred<A>;
}

/** Owns what waits to be read; reading is its maker's business. */
export class SharedReads<Q, A> {
  readonly #read: (asked: readonly Q[]) => Promise<readonly A[]>;
  #waiting: Waiting<Q, A>[] = [];
  #underway = 0;

  /** @param read answers in the order of what is asked. */
  constructor(read: (asked: readonly Q[]) => Promise<readonly A[]>) {
    this.#read = read;
  }

  ask(asked: Q): Promise<A> {
    const answer = deferred<A>();
    // after all that one answer sets off has asked
    if (this.#waiting.push({ asked, answer }) === 1) setImmediate(() => this.#pump());
    return answer.promise;
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#underway < readers) {
      const shared = this.#waiting.splice(0, most);
      this.#underway++;
      void this.#answer(shared).then(() => {
        this.#underway--;
        this.#pump();
      });
    }
  }

  async #answer(shared: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await this.#read(shared.map(({ asked }) => asked));
      for (const [i, { answer }] of shared.entries()) answer.resolve(answers[i] as A);
    } catch (error) {
      // only the ask for what is damaged gets the error: each is read by itself
      if (shared.length > 1 && isTroupeError(error, "journal-corrupt"))
        for (const one of shared) await this.#answer([one]);
      else for (const { answer } of shared) answer.reject(error);
    }
  }
}
