/** The coordination in force, and its epoch. */

import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { subjectOf } from "../../store/client/change.ts";
import {
  type Coordination,
  type CoordinationState,
  coordinationState,
  type Epoch,
  systemCoordination,
} from "../history/coordination.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

/** Owns the numbers of epochs: each is a version of the coordination's key, so that none is given twice, also across processes. */
export class InForce {
  readonly #ports: Pick<SupervisorPorts, "commit">;
  #coordination: Coordination = "orchestrator";
  #epoch: Epoch = 0;
  #switched: Epoch = 0;

  constructor(ports: Pick<SupervisorPorts, "commit">) {
    this.#ports = ports;
  }

  get coordination(): Coordination {
    return this.#coordination;
  }

  /** The newest epoch. */
  get epoch(): Epoch {
    return this.#epoch;
  }

  /** The epoch of the last switch. Epochs after it are those of migrations of runs. */
  get switched(): Epoch {
    return this.#switched;
  }

  /** Puts a coordination in force. Returns its epoch once that is recorded. */
  switchTo(coordination: Coordination): MaybePromise<Epoch> {
    const next = (newest: CoordinationState): CoordinationState =>
      newest.coordination === coordination ? newest : { ...newest, coordination };
    return chain(this.#commit(next), (epoch) => {
      if (epoch <= this.#switched) return epoch;
      this.#switched = epoch;
      this.#coordination = coordination;
      return epoch;
    });
  }

  /** An epoch of its own for runs that change their definition. */
  begin(): MaybePromise<Epoch> {
    return this.#commit((newest) => ({ ...newest, migrations: (newest.migrations ?? 0) + 1 }));
  }

  #commit(next: (newest: CoordinationState) => CoordinationState): MaybePromise<Epoch> {
    return chain(this.#ports.commit(subjectOf(coordinationState, systemCoordination), next), ({ version: epoch }) => {
      this.#epoch = Math.max(this.#epoch, epoch);
      return epoch;
    });
  }
}
