/** The store as an actor reaches it that is looked at. */

import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import type { CommitOutcome, CommitRequest } from "../../store/versions/commit.ts";
import type { Position, Snapshot } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { ThroughStore } from "../../store/versions/through-store.ts";

export class ObservedStore extends ThroughStore {
  readonly #actor: string;
  readonly #observer: ActorObserver;

  constructor(store: StoreAccess, actor: string, observer: ActorObserver) {
    super(store);
    this.#actor = actor;
    this.#observer = observer;
  }

  override snapshot(key: StateKey, token: Position): MaybePromise<Snapshot | undefined> {
    return chain(super.snapshot(key, token), (snapshot) => {
      const { version = 0, state } = snapshot ?? {};
      this.#observer({ type: "reads", actor: this.#actor, key, version, state });
      return snapshot;
    });
  }

  override submit(request: CommitRequest): MaybePromise<CommitOutcome> {
    return chain(super.submit(request), (outcome) => {
      const actor = this.#actor;
      if (outcome.kind === "conflict")
        this.#observer({ type: "conflicts", actor, key: outcome.key, version: outcome.head?.version ?? 0 });
      if (outcome.kind === "committed")
        for (const { key, version, parent, position, state } of outcome.snapshots)
          this.#observer({ type: "commits", actor, key, version, parent, position, state });
      return outcome;
    });
  }
}
