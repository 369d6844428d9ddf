/** Starts the runs of a system: at once, when it is their turn, at a time, in a queue, or where another one was. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import { timeOfDay } from "../../async/time-of-day.ts";
import type { Evolution } from "../../store/client/change.ts";
import type { WorkflowDefinition, WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { Run } from "../../workflows/run.ts";
import type { RunHandle } from "../../workflows/run-handle.ts";
import type { StartOptions } from "../../workflows/supervisor/run-start.ts";
import type { RunSupervisor } from "../../workflows/supervisor/run-supervisor.ts";
import type { HomeHost } from "../host/home-host.ts";
import type { QueueKeeper } from "../queues/queue-keeper.ts";
import type { OverloadPolicy } from "../queues/run-queue.ts";
import type { AcceptedRuns } from "./accepted-runs.ts";
import { type ForkOptions, forkPoint } from "./fork-options.ts";
import { copyOfInput } from "./run-input.ts";
import { checkRunOptions, joiningOf, type RunOptions, startOf } from "./run-options.ts";
import type { StoredRuns } from "./stored-runs.ts";
import type { RunPlatform } from "./supervisor-actor.ts";

export interface RunStartsOptions {
  readonly home: HomeHost;
  readonly platform: RunPlatform;
  readonly options: { readonly onOverload: OverloadPolicy };
  readonly accepted: AcceptedRuns;
  readonly supervisor: Pick<RunSupervisor, "start">;
  readonly queues: Pick<QueueKeeper, "join" | "notJoined">;
  readonly stored: StoredRuns;
  workflowOf(id: WorkflowId): Promise<WorkflowDefinition>;
  newHandle(id: string, workflow: WorkflowId): RunHandle;
}

type More = Pick<StartOptions, "beside" | "fork">;

export class RunStarts {
  readonly #options: RunStartsOptions;

  constructor(options: RunStartsOptions) {
    this.#options = options;
  }

  run(workflow: WorkflowDefinition, input: unknown, options: RunOptions, beside?: Evolution): Run {
    checkRunOptions(options);
    return this.#start(workflow, input, options, { beside });
  }

  /**
   * Starts a run that begins where another one was.
   *
   * @throws TroupeError (as a rejection) `invalid-options`, `no-such-run`, `no-such-version`, `workflow-changed`, `definition-not-found`; and
   * as {@link run}.
   */
  async fork(run: string, options: ForkOptions): Promise<Run> {
    const { stored, workflowOf } = this.#options;
    const { fork, own } = await forkPoint(run, options, stored);
    const forked = this.#start(await workflowOf(fork.state.workflow), undefined, own, { fork });
    await forked.started;
    return forked;
  }

  #start(definition: WorkflowDefinition, input: unknown, options: RunOptions, more: More): RunHandle {
    const { home, platform, accepted, supervisor, newHandle } = this.#options;
    const { id = platform.random.id(), onOverload = this.#options.options.onOverload } = options;
    const joining = joiningOf(options);
    const startsAt = startOf(options, timeOfDay(platform.clock));
    const isParked = joining !== undefined || startsAt !== undefined; // until it begins it takes no place
    const hasRoom = isParked ? accepted.checkFree(id) : accepted.check(id, onOverload);
    const queue = joining && this.#options.queues.join(id, joining);
    platform.load.remember(definition);
    const handle = newHandle(id, definition);
    const start = (given: unknown): MaybePromise<void> =>
      supervisor.start(id, definition, given, { ...options, ...more, startsAt, queue });
    if (queue !== undefined) {
      accepted.start(handle, () => this.#joined(id, queue.name, () => start(input)));
    } else if (hasRoom) {
      accepted.start(handle, () => start(input));
    } else {
      const copy = more.fork === undefined ? copyOfInput(home, definition, input) : undefined;
      accepted.wait(handle, () => start(copy));
    }
    return handle;
  }

  /** Takes a run out of the queue that it was to join, if it can't be started. */
  #joined(id: string, queue: string, start: () => MaybePromise<void>): MaybePromise<void> {
    const failed = (error: unknown): never => {
      this.#options.queues.notJoined(id, queue);
      throw error;
    };
    try {
      const started = start();
      return started instanceof Promise ? started.catch(failed) : started;
    } catch (error) {
      return failed(error);
    }
  }
}
