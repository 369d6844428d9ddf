/** A process among those that share the cells of a journal. */

import { createHash } from "node:crypto";
import type { Observable } from "rxjs";
import { Subject } from "rxjs";
import { checkContract } from "../../../contracts/contract.ts";
import { PayloadCodec } from "../../../contracts/payload-codec.ts";
import { TroupeError } from "../../../errors/troupe-error.ts";
import { checkDefinition } from "../../../runtime/definitions/check-definition.ts";
import { systemClosed } from "../../../runtime/system/system-end.ts";
import type { System } from "../../../runtime/system/system.ts";
import type { LogTarget } from "../../../runtime/telemetry/system-log.ts";
import { noSuchRun } from "../../../runtime/workflows/no-such-run.ts";
import type { WorkflowDefinition, WorkflowId } from "../../../workflows/definition/workflow-definition.ts";
import type { Taken } from "../lease.ts";
import { movesOf } from "./balance.ts";
import { FollowedRun } from "./cell-run.ts";
import { type CellsEvent, inWords, levelOf } from "./cells-events.ts";
import type { CellsTables } from "./cells-tables.ts";
import type { Cells, CellsView, SubmitOptions } from "./cells-interface.ts";
import { Intake } from "./intake.ts";
import { OwnedCells } from "./owned-cells.ts";
import { Reach } from "./reach.ts";
import { RunWatch } from "./run-watch.ts";
import { checkSubmitOptions } from "./cells-options.ts";
import type { RunPlace, Submissions } from "./submissions.ts";

export interface SharedCellsOptions {
  readonly member: string;
  readonly cells: number;
  /** In milliseconds. */
  readonly lease: number;
  readonly owns: boolean;
  readonly workflows: readonly WorkflowDefinition[];
  readonly maxMessageBytes: number;
  readonly tables: CellsTables;
  readonly submissions: Submissions;
  readonly log: LogTarget | undefined;
  /** Starts the system of a cell that was taken. */
  start(taken: Taken): Promise<System>;
  /** Ends all connections. */
  end(): Promise<void>;
}

/** Milliseconds from one look at the database to the next. */
const lookEvery = 200;
/** The part of the lease after which a member renews it. */
const renewAfter = 0.125;

export class SharedCells implements Cells {
  readonly count: number;
  readonly member: string;
  readonly events$: Observable<CellsEvent>;
  readonly #options: SharedCellsOptions;
  readonly #events = new Subject<CellsEvent>();
  readonly #owned: OwnedCells;
  readonly #intake: Intake;
  readonly #watch: RunWatch;
  readonly #reach = new Reach((event) => this.#publish(event));
  readonly #codec: PayloadCodec;
  readonly #keeping: Promise<void>;
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** Ends the pause before the next look. */
  #wake: () => void = () => undefined;
  #isClosing = false;
  #closed: Promise<void> | undefined;

  constructor(options: SharedCellsOptions) {
    this.#options = options;
    this.count = options.cells;
    this.member = options.member;
    this.events$ = this.#events.asObservable();
    // it knows no system, so that a ref on an actor is a value like any other that can't be copied
    this.#codec = new PayloadCodec({ maxBytes: options.maxMessageBytes, system: {} });
    this.#watch = new RunWatch({
      submissions: options.submissions,
      onLook: (failure) =>
        failure === undefined ? this.#reach.succeeded("watch") : this.#reach.failed("watch", failure.error),
    });
    this.#owned = new OwnedCells({
      take: (cell) => options.tables.take(cell, options.member),
      start: (taken) => options.start(taken),
      publish: (event) => this.#publish(event),
    });
    this.#intake = new Intake({
      submissions: options.submissions,
      workflows: options.workflows,
      codec: this.#codec,
      systemOf: (cell) => this.#owned.system(cell),
      onLeft: ({ cell, run }, error) => this.#publish({ type: "run-not-started", cell, run, error }),
    });
    this.#keeping = options.owns ? this.#keep() : Promise.resolve();
  }

  get owned(): readonly number[] {
    return this.#owned.running;
  }

  cellOf(key: string): number {
    return (createHash("sha256").update(key).digest().readUInt32BE() % this.count) + 1;
  }

  system(cell: number): System | undefined {
    return this.#owned.system(cell);
  }

  async submit(workflow: WorkflowDefinition, input: unknown, options: SubmitOptions = {}): Promise<never> {
    this.#checkOpen();
    checkDefinition("submit", ["workflow"], workflow);
    checkSubmitOptions(options);
    const { name, version, input: schema } = workflow;
    if (!this.#options.workflows.some((one) => one.name === name && one.version === version))
      throw new TroupeError(
        "invalid-options",
        `submit: ${name}@${version} is not among the workflows that createCells was given. Name it there, in all processes: the one that has the cell starts it.`,
      );
    const given = checkContract(schema, input, { agent: name, version, direction: "input", side: "sender" });
    const { id = crypto.randomUUID(), key = id, ...of } = options;
    const place = { cell: this.cellOf(key), run: id };
    const request = {
      workflow: { name, version },
      input: this.#codec.encode(given, `the input of a run of ${name}`),
      options: of,
    };
    await this.#options.submissions.add({ ...place, request });
    if (this.#owned.system(place.cell) !== undefined) this.#wake();
    return this.#run(place, workflow) as never;
  }

  async findRun(id: string, options: { readonly key?: string } = {}): Promise<never> {
    this.#checkOpen();
    const place = { cell: this.cellOf(options.key ?? id), run: id };
    const { submissions } = this.#options;
    const [newest] = await submissions.newest([place]);
    if (newest !== undefined) return this.#run(place, newest.state.workflow) as never;
    const row = await submissions.find(place);
    if (row === undefined) throw noSuchRun(id);
    return this.#run(place, { ...row.workflow, module: "" }) as never;
  }

  async look(): Promise<CellsView> {
    this.#checkOpen();
    const { members, cells } = await this.#options.tables.look();
    return { members: members.map(({ member }) => member).sort(), cells };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run(place: RunPlace, workflow: WorkflowId): FollowedRun {
    return new FollowedRun(place, workflow, {
      submissions: this.#options.submissions,
      watch: this.#watch,
      codec: this.#codec,
    });
  }

  async #keep(): Promise<void> {
    while (!this.#isClosing) {
      let isMore = false;
      try {
        await this.#balance();
        isMore = await this.#intake.look(this.#owned.running);
        this.#reach.succeeded("keeper");
      } catch (error) {
        if (!this.#isClosing) this.#reach.failed("keeper", error);
      }
      if (!isMore && !this.#isClosing) await this.#pause();
    }
  }

  async #balance(): Promise<void> {
    const { tables, member, lease } = this.#options;
    const now = performance.now();
    if (now - this.#renewedAt >= lease * renewAfter) {
      await tables.renew(member);
      this.#renewedAt = now;
    }
    const seen = await tables.look();
    if (this.#isClosing) return;
    const { take, giveBack } = movesOf(member, seen);
    // one that is its own and isn't here: it was taken when the answer was lost, or its system has ended
    const own = seen.cells.flatMap(({ cell, owner }) => (owner === member && !this.#owned.has(cell) ? [cell] : []));
    for (const cell of [...own, ...take]) this.#owned.take(cell);
    if (giveBack !== undefined) this.#owned.giveBack(giveBack);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, lookEvery);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    const { tables, member, end } = this.#options;
    // both at once: the others count with it no more, and wait for nothing but what it has
    await Promise.all([this.#leave(tables, member), this.#owned.close()]);
    await this.#keeping;
    await this.#owned.close(); // what was being taken meanwhile
    await this.#intake.settled();
    await this.#watch.close(systemClosed());
    await end();
    this.#events.complete();
  }

  async #leave(tables: CellsTables, member: string): Promise<void> {
    try {
      await tables.leave(member);
    } catch (error) {
      this.#publish({ type: "database-unreachable", error }); // its lease runs out
    }
  }

  #publish(event: CellsEvent): void {
    const { log } = this.#options;
    if (log !== undefined && isLogged(levelOf(event), log)) {
      const { type, ...facts } = event;
      log.to[levelOf(event)]({ event: type, ...facts }, inWords(event));
    }
    this.#events.next(event);
  }

  #checkOpen(): void {
    if (this.#isClosing) throw systemClosed();
  }
}

function isLogged(level: LogTarget["level"], { level: least }: LogTarget): boolean {
  const order: readonly LogTarget["level"][] = ["debug", "info", "warn", "error"];
  return order.indexOf(level) >= order.indexOf(least);
}
