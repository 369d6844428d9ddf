/** Follows runs in whatever cells they are, by looking at the database: one look for all of them. */

import type { Snapshot } from "../../../store/versions/snapshot.ts";
import type { RunState } from "../../../workflows/history/run-state.ts";
import type { RunPlace, Submissions } from "./submissions.ts";

/** What is told of a run that is followed. */
export interface RunFollower extends RunPlace {
  /** The newest version that it has been told of; 0 for none. */
  readonly seen: number;
  /** True where it wants each version, and not only the newest. */
  readonly wantsAll: boolean;
  /** It has these versions. Returns false where it need not be followed any more. */
  observe(versions: readonly Snapshot<RunState>[]): boolean;
  /** It will never start, or can't be read. */
  break(error: unknown): void;
}

/** Milliseconds from one look to the next. */
const lookEvery = 200;

export interface RunWatchPorts {
  readonly submissions: Submissions;
  /** A look at the database has succeeded, or failed by this error. */
  onLook(failure: { readonly error: unknown } | undefined): void;
}

export class RunWatch {
  readonly #submissions: Submissions;
  readonly #onLook: RunWatchPorts["onLook"];
  readonly #followers = new Set<RunFollower>();
  #looking: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor({ submissions, onLook }: RunWatchPorts) {
    this.#submissions = submissions;
    this.#onLook = onLook;
  }

  follow(follower: RunFollower): void {
    this.#followers.add(follower);
    this.#looking ??= this.#look();
  }

  /** @param error what those are told that still wait. */
  async close(error: unknown): Promise<void> {
    this.#isClosed = true;
    for (const follower of this.#followers) follower.break(error);
    this.#followers.clear();
    this.#wake();
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (this.#followers.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookEvery);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (this.#isClosed) break;
      try {
        await this.#lookOnce([...this.#followers]);
        this.#onLook(undefined);
      } catch (error) {
        this.#onLook({ error }); // what is asked again later is the same
      }
    }
    this.#looking = undefined;
    if (!this.#isClosed) this.#onLook(undefined); // it reads no more, so that no failure of it lasts
  }

  async #lookOnce(followers: readonly RunFollower[]): Promise<void> {
    const found = await this.#submissions.progress(followers);
    const changed: RunFollower[] = [];
    for (const [i, follower] of followers.entries()) {
      const { newest = 0, refused } = found[i] ?? {};
      if (newest > follower.seen) changed.push(follower);
      else if (newest === 0 && refused !== undefined) this.#end(follower, refused);
    }
    const some = changed.filter(({ wantsAll }) => !wantsAll);
    const heads = await this.#submissions.newest(some);
    for (const [i, follower] of some.entries()) if (heads[i] !== undefined) this.#tell(follower, [heads[i]]);
    for (const follower of changed)
      if (follower.wantsAll) this.#tell(follower, await this.#submissions.versions(follower, follower.seen + 1));
  }

  #tell(follower: RunFollower, versions: readonly Snapshot<RunState>[]): void {
    if (!follower.observe(versions)) this.#followers.delete(follower);
  }

  #end(follower: RunFollower, error: unknown): void {
    this.#followers.delete(follower);
    follower.break(error);
  }
}
