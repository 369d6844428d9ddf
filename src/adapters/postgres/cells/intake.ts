/** Starts the runs that were submitted to the cells of this process. */

import { encodeError } from "../../../errors/error-codec.ts";
import { isTroupeError } from "../../../errors/troupe-error.ts";
import type { ErrorCode } from "../../../errors/error-code.ts";
import type { System } from "../../../runtime/system/system.ts";
import type { RunOptions } from "../../../runtime/workflows/run-options.ts";
import type { WorkflowDefinition } from "../../../workflows/definition/workflow-definition.ts";
import type { PayloadCodec } from "../../../contracts/payload-codec.ts";
import type { RunPlace, Submission, Submissions } from "./submissions.ts";

/** How many runs of a cell are being started at a time. */
const mostOfCell = 100;

/** How many rows of a cell that can't be started are passed over. Where there are more, what was submitted after them waits too. */
const mostLeft = 1_000;

/** What would be so at each further attempt. All else, such as the end of the system, leaves the row to whatever process comes next. */
const final: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "run-exists",
  "contract-violated",
  "invalid-options",
  "no-such-queue",
  "not-cloneable",
  "message-too-large",
]);

export interface IntakePorts {
  readonly submissions: Submissions;
  readonly workflows: readonly WorkflowDefinition[];
  readonly codec: PayloadCodec;
  /** The system of a cell, while this process takes runs of it. */
  systemOf(cell: number): System | undefined;
  /** A row stays as it is; told once for each. */
  onLeft(place: RunPlace, error: unknown): void;
}

export class Intake {
  readonly #ports: IntakePorts;
  /** The runs that are being started, by their cells. */
  readonly #starting = new Map<number, Set<string>>();
  /** The runs whose rows stay as they are, by the cells of this process. */
  readonly #left = new Map<number, Set<string>>();
  #started: RunPlace[] = [];
  #removing: Promise<void> | undefined;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** Looks at the rows of cells, and begins to start their runs. Returns whether there may be more of them. */
  async look(cells: readonly number[]): Promise<boolean> {
    for (const cell of this.#left.keys()) if (!cells.includes(cell)) this.#left.delete(cell);
    const wanted = cells.flatMap((cell): (readonly [number, number])[] => {
      const underway = this.#starting.get(cell)?.size ?? 0;
      const left = Math.min(this.#left.get(cell)?.size ?? 0, mostLeft);
      return underway > mostOfCell / 2 ? [] : [[cell, underway + left + mostOfCell]];
    });
    if (wanted.length === 0) return false;
    const rows = await this.#ports.submissions.of(wanted);
    for (const [cell] of wanted) this.#forgetAllBut(rows, cell);
    let begun = 0;
    for (const row of rows) {
      const wasLeft = this.#isLeft(row);
      if (this.#begin(row) && !wasLeft) begun++;
    }
    return begun >= mostOfCell;
  }

  /** The rows of runs that have started are gone, as far as the database could be reached. */
  async settled(): Promise<void> {
    while (this.#removing !== undefined) await this.#removing;
  }

  #begin(submission: Submission): boolean {
    const { cell, run } = submission;
    const system = this.#ports.systemOf(cell);
    let starting = this.#starting.get(cell);
    if (starting === undefined) this.#starting.set(cell, (starting = new Set()));
    if (system === undefined || starting.has(run)) return false;
    starting.add(run);
    void this.#start(system, submission).finally(() => starting.delete(run));
    return true;
  }

  async #start(system: System, { cell, run, request }: Submission): Promise<void> {
    const { workflows, codec, onLeft } = this.#ports;
    const { name, version } = request.workflow;
    const workflow = workflows.find((one) => one.name === name && one.version === version);
    try {
      if (workflow === undefined) throw new Error(`this process has no workflow ${name}@${version}`);
      await system.runOnce(workflow, codec.decode(request.input), { ...(request.options as RunOptions), id: run });
      await this.#remove({ cell, run });
    } catch (error) {
      if (isTroupeError(error) && final.has(error.code)) await this.#refuse({ cell, run }, error);
      else if (this.#ports.systemOf(cell) === system) this.#leave({ cell, run }, error, onLeft);
    }
  }

  async #refuse(place: RunPlace, error: unknown): Promise<void> {
    try {
      await this.#ports.submissions.refuse(place, encodeError(error));
    } catch (failure) {
      this.#leave(place, failure, this.#ports.onLeft); // it is looked at again
    }
  }

  #leave(place: RunPlace, error: unknown, tell: IntakePorts["onLeft"]): void {
    if (this.#isLeft(place)) return;
    const { cell, run } = place;
    this.#left.set(cell, (this.#left.get(cell) ?? new Set()).add(run));
    tell(place, error);
  }

  #isLeft({ cell, run }: RunPlace): boolean {
    return this.#left.get(cell)?.has(run) === true;
  }

  /** Rows keep their order, so one that is not among the first any more is gone. */
  #forgetAllBut(rows: readonly RunPlace[], cell: number): void {
    const left = this.#left.get(cell);
    if (left === undefined) return;
    const there = new Set(rows.flatMap((row) => (row.cell === cell ? [row.run] : [])));
    for (const run of left) if (!there.has(run)) left.delete(run);
  }

  /** All that have started while rows were being removed are removed together. */
  async #remove(place: RunPlace): Promise<void> {
    this.#started.push(place);
    while (this.#started.includes(place)) {
      this.#removing ??= this.#removeStarted();
      await this.#removing;
    }
  }

  async #removeStarted(): Promise<void> {
    const places = [...this.#started]; // more are added meanwhile
    try {
      await this.#ports.submissions.remove(places);
    } catch {
      // they stay rows, and to start them again finds their runs; that the database can't be reached, the next look says
    }
    this.#started = this.#started.slice(places.length);
    this.#removing = undefined;
  }
}
