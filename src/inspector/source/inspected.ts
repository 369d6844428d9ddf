/** What an inspector looks at: a system that runs, or the journal that one has left. */

import type { Observable } from "rxjs";
import type { GenericSchema } from "valibot";
import type { Address } from "../../actors/address.ts";
import type { GateView } from "../../agents/policies/gate-view.ts";
import type { Vitals } from "../../ports/vitals.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { Coordination } from "../../workflows/history/coordination.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { Store } from "../../store/store.ts";
import type { Run } from "../../workflows/run.ts";
import type { PeekedActor } from "./peeked-actor.ts";

/** Something that happened to a system. */
export interface Noted {
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** A message that no actor processed. */
export interface LostMessage {
  readonly reason: string;
  readonly to: Address;
  readonly from: Address | undefined;
  readonly type: string;
  readonly payload: unknown;
  readonly detail?: string;
}

/** An actor or an agent. */
export interface FoundActor {
  readonly name: string;
  readonly definition: string;
  /** Absent while it is being spawned. */
  readonly address: Address | undefined;
}

/** An actor of a tree of supervisors, or a supervisor. */
export interface FoundChild {
  readonly name: string;
  readonly restarts: number;
  /** Present for an actor. */
  readonly kind?: string;
  readonly status?: string;
  readonly address?: Address;
  readonly thread?: number | undefined;
  /** Present for a supervisor. */
  readonly phase?: string;
  readonly children?: readonly FoundChild[];
}

export interface SystemFigures {
  readonly actors: number;
  readonly waiting: number;
  readonly commits: number;
  readonly runs: { readonly inFlight: number; readonly waiting: number; readonly parked: number };
  readonly threads: readonly {
    readonly thread: number;
    readonly actors: number;
    readonly waiting: number;
    readonly followedKeys: number;
  }[];
  readonly deadLetters: Readonly<Record<string, number>>;
}

/** A message that an actor or an agent takes. */
export interface MessageShape {
  readonly type: string;
  /** Absent for a message that carries nothing. */
  readonly input?: GenericSchema;
  /** True when it has an answer. */
  readonly isAsk: boolean;
}

/** How the store is read: from the copy in memory of a system's own, or afresh from a journal that another process may write to. */
export type StoreReader = Pick<StoreAuthority, "at" | "extent" | "history" | "keys" | "position" | "size" | "stored">;

/** A system that runs: what it tells of itself, and what may be done to it. */
export interface LiveSystem {
  readonly coordination: Coordination;
  readonly epoch: number;
  stats(): Promise<SystemFigures>;
  /** All actors and agents that have a name, supervised or not. */
  actors(): readonly FoundActor[];
  trees(): readonly FoundChild[];
  /** Tells of each event from now on. It is no listener: what waits for the first one still does. */
  hear(listener: (event: Noted) => void): void;
  /** Calls `end` when the system has ended. */
  onEnd(end: () => void): void;
  readonly deadLetters$: Observable<LostMessage>;
  run(workflow: WorkflowDefinition, input: unknown, options: { readonly id?: string }): Pick<Run, "id" | "started">;
  findRun(id: string): Promise<Pick<Run, "cancel" | "resolve" | "retryCompensation" | "tell" | "undo">>;
  switchCoordination(coordination: Coordination): Promise<void>;
  stop(actor: Address): Promise<void>;
  /** The gates of all agents that were ever called or started here. */
  gates(): readonly (GateView & { readonly agent: string })[];
  /** How each thread is, that of the process first; `vitals` is absent for one that does not answer. How late it was is told since this was asked last. */
  vitals(): Promise<readonly { readonly thread: number; readonly vitals: Vitals | undefined }[]>;
  /** Has a supervised actor begin anew. @throws TroupeError `invalid-options`. */
  restart(actor: Address): void;
  /** Shows an actor or an agent; `undefined` while it is nowhere. */
  peek(actor: Address): Promise<PeekedActor | undefined>;
  /** @throws TroupeError (as a rejection) `no-such-actor`, `module-failed`, `definition-not-found`. */
  messagesOf(actor: Address): Promise<readonly MessageShape[]>;
  /**
   * Sends a message from outside any actor to the one that has the address's name by now, checked by its schema. Resolves to the answer if
   * it is asked for.
   *
   * @throws TroupeError (as a rejection) as `messagesOf`; AskError as a ref's `tell` and `ask`.
   */
  send(to: Address, type: string, payload: unknown, isAsk: boolean): Promise<unknown>;
  /** Tells the actor that has the name by now what did not reach the one before. Errors as `send`. */
  sendAgain(letter: LostMessage): Promise<void>;
  readonly store: Pick<Store, "fork" | "revert">;
}

export interface Inspected {
  readonly kind: "system" | "journal" | "recording" | "schedule";
  /** The journal's folder, or what a recording is of; absent for a system. */
  readonly journal?: string;
  /** The workflows of which runs may be started here. */
  readonly workflows: readonly WorkflowDefinition[];
  /** A reader of how the store is now. To be asked for each time. */
  reader(): StoreReader;
  /** Absent for a journal. */
  readonly live?: LiveSystem;
}
