/** Runs in a store, as a process left them: made by the supervisor itself, without any actors. */

import * as v from "valibot";
import { defineAgent } from "../../src/agents/agent-definition.ts";
import type { Proposal } from "../../src/workflows/history/run-event.ts";
import { RunSupervisor } from "../../src/workflows/supervisor/run-supervisor.ts";
import { defineWorkflow } from "../../src/workflows/definition/define-workflow.ts";
import { AuthorityAccess } from "../../src/store/authority/authority-access.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../src/store/client/store-client.ts";
import { quiet } from "../workflows/support/example-workflow.ts";

const Value = v.object({ n: v.number() });

const doer = (name: string) =>
  defineAgent("test:agents", {
    name,
    version: "1.0.0",
    input: Value,
    output: Value,
    policies: {
      retry: { attempts: 2, backoff: { first: 60_000, jitter: 0 }, errors: () => true },
      compensationRetry: { attempts: 2, backoff: { first: 60_000, jitter: 0 } },
    },
    execute: (input) => input,
    compensate: () => undefined,
  });

/** `pack`, then `post`, then `pay`. Each is tried twice, and so is undoing it, a minute apart. */
export const parcel = defineWorkflow("test:workflows", { name: "parcel", version: "1.0.0", input: Value })
  .step("pack", doer("packer"), ({ input }) => input)
  .step("post", doer("poster"), { after: ["pack"] }, ({ pack }) => pack)
  .step("pay", doer("payer"), { after: ["post"] }, ({ post }) => post);

/** It can't be called back once it is posted. */
export const letter = defineWorkflow("test:workflows", { name: "letter", version: "2.0.0", input: Value })
  .step("post", doer("poster"), { pointOfNoReturn: true }, ({ input }) => input)
  .step("pay", doer("payer"), { after: ["post"] }, ({ post }) => post);

/** `pass`: a minute passes, and what was due is begun. */
type Change = Proposal | { readonly type: "cancel"; readonly reason?: string } | { readonly type: "pass" };

export const finished = (step: string) => ({ type: "step-finished", step, output: { n: 1 } }) as const;

const errorOf = (message: string, code?: string) =>
  ({ kind: "error", name: "Error", message, ...(code === undefined ? {} : { code }) }) as const;

export const failed = (step: string, message: string, attempt?: number, code?: string) =>
  ({
    type: "step-failed",
    step,
    error: errorOf(message, code),
    ...(attempt === undefined ? {} : { attempt }),
  }) as const;

export const notUndone = (step: string, message: string, attempt?: number) =>
  ({
    type: "compensation-failed",
    step,
    error: errorOf(message),
    ...(attempt === undefined ? {} : { attempt }),
  }) as const;

/** A process that has runs in a journal; a second passes between any two events. */
export class StoredRuns {
  readonly supervisor: RunSupervisor;
  #time: number;
  readonly #ring: (() => void)[] = [];

  constructor(journal: Journal, start: number) {
    this.#time = start;
    const clock = {
      now: () => this.#time,
      jumped: () => 0,
      setTimer: (_ms: number, fire: () => void) => {
        this.#ring.push(fire);
        return { cancel: () => undefined };
      },
    };
    const client = new StoreClient(new AuthorityAccess(new StoreAuthority({ journal, clock })), { author: "test" });
    this.supervisor = new RunSupervisor({
      ...quiet,
      clock,
      commit: (subject, next) => client.evolveNow(subject, next),
      newest: ({ definition, id }) => client.snapshotNow(definition, id),
      send: () => undefined,
      onVersion: () => undefined,
      onBroken: (_, error) => {
        throw error;
      },
    });
  }

  /** Starts a run, and has this happen to it. */
  run(id: string, workflow: typeof parcel | typeof letter, ...changes: readonly Change[]): void {
    void this.supervisor.start(id, workflow, { n: 1 });
    for (const change of changes) {
      this.#time += 1_000;
      if (change.type === "cancel") void this.supervisor.cancel(id, change.reason);
      else if (change.type === "pass") this.pass();
      else if (this.supervisor.propose(id, change) !== true) throw new Error(`${id}: ${change.type} isn't accepted`);
    }
    this.#time += 1_000;
  }

  pass(): void {
    this.#time += 60_000;
    for (const fire of this.#ring.splice(0)) fire();
  }
}
