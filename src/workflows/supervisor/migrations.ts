/** Has runs go on with another definition of their workflow, as a switch has them go on by another coordination. */

import { subjectOf } from "../../store/client/change.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { releaseFormer } from "../coordination/dispatch.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { WorkflowDefinition } from "../definition/workflow-definition.ts";
import type { Epoch } from "../history/coordination.ts";
import type { RunEvent } from "../history/run-event.ts";
import { apply } from "../history/run-machine.ts";
import { type RunState, runState } from "../history/run-state.ts";
import { type Judgement, judgeMigration } from "../migration/judge-migration.ts";
import { type Along, commitRun } from "./commit-run.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { InForce } from "./in-force.ts";
import type { OpenRun } from "./open-run.ts";
import type { OpenRuns } from "./open-runs.ts";
import { notAdmissible, overtaken } from "./supervisor-errors.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

export interface MigrationsPorts {
  readonly ports: Pick<SupervisorPorts, "commit" | "newest" | "codec">;
  readonly runs: Pick<OpenRuns, "get" | "wake">;
  readonly inForce: InForce;
  readonly dispatcher: Pick<Dispatcher, "send">;
  planOf(workflow: WorkflowDefinition): WorkflowPlan;
  /** Records what the run owes from when it was parked. Called in its turn. */
  payOwed(run: OpenRun): MaybePromise<unknown>;
  /** Records an event if the run's history accepts it. Called in the run's turn. */
  record(run: OpenRun, event: RunEvent, along: Along): MaybePromise<boolean>;
}

export class Migrations {
  readonly #ports: MigrationsPorts;

  constructor(ports: MigrationsPorts) {
    this.#ports = ports;
  }

  /** What would become of a run. Changes nothing. `undefined` for no such run. */
  async judge(id: string, workflow: WorkflowDefinition): Promise<Judgement | undefined> {
    const { ports, runs, planOf } = this.#ports;
    const open = runs.get(id);
    const state = open === undefined || open.isAsleep ? (await this.#newest(id))?.state : open.state;
    if (state === undefined) return undefined;
    const terms = { codec: ports.codec, epoch: state.epoch + 1, former: open?.plan };
    return judgeMigration(id, state, planOf(workflow), terms);
  }

  /** An epoch for runs that are migrated together. */
  async begin(): Promise<Epoch> {
    return this.#ports.inForce.begin();
  }

  /**
   * Has a run go on with the definition, if it can. Resolves when that is recorded. One that this process doesn't go on with stays where it
   * is. `undefined` for no such run.
   *
   * @param epoch from {@link begin}.
   */
  async migrate(id: string, workflow: WorkflowDefinition, epoch: Epoch): Promise<Judgement | undefined> {
    const { runs, planOf } = this.#ports;
    const plan = planOf(workflow);
    const run = runs.wake(id);
    if (run === undefined) return this.#migrateLeft(id, plan, epoch);
    return run.turn(() => (run.isClosed ? this.#migrateLeft(id, plan, epoch) : this.#migrateOpen(run, plan, epoch)));
  }

  async #migrateOpen(run: OpenRun, plan: WorkflowPlan, given: Epoch): Promise<Judgement> {
    const { ports, inForce, dispatcher, payOwed, record } = this.#ports;
    await payOwed(run);
    const epoch = await this.#epochFor(run.state, given);
    const { coordination, switched } = inForce;
    // a switch that comes to the run only after this would be refused
    if (!run.state.pinned && run.state.epoch < switched && switched < epoch)
      await record(run, { type: "coordination-switched", coordination, epoch: switched }, {});
    const former = run.plan;
    const judged = judgeMigration(run.id, run.state, plan, { codec: ports.codec, epoch, former });
    if (judged.outcome === "refused") return judged;
    run.plan = judged.plan;
    if (!(await record(run, judged.event, { events: judged.ends })))
      throw notAdmissible(run.id, run.state, judged.event.type);
    const { id, state } = run;
    if (state.coordination === "relay")
      for (const dispatch of releaseFormer({ run: id, plan: judged.plan, state }, former))
        dispatcher.send(run, dispatch);
    return judged;
  }

  async #migrateLeft(id: string, plan: WorkflowPlan, given: Epoch): Promise<Judgement | undefined> {
    const { ports } = this.#ports;
    const newest = await this.#newest(id);
    if (newest === undefined) return undefined;
    const { state } = newest;
    const epoch = await this.#epochFor(state, given);
    const judged = judgeMigration(id, state, plan, { codec: ports.codec, epoch });
    if (judged.outcome === "refused") return judged;
    const next = judged.ends.reduce((before, event) => apply(before, event), apply(state, judged.event, []));
    await commitRun(ports, subjectOf(runState, id), ({ length }) => {
      if (length !== state.length) throw overtaken(id, state.length, length);
      return next;
    });
    return judged;
  }

  #newest(id: string): MaybePromise<Snapshot<RunState> | undefined> {
    return this.#ports.ports.newest(subjectOf(runState, id));
  }

  /** A switch may have come to the run since. */
  #epochFor(state: RunState, given: Epoch): MaybePromise<Epoch> {
    return given > state.epoch ? given : this.#ports.inForce.begin();
  }
}
