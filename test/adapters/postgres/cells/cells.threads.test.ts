/** Runs in cells, as seen from several members in one process. Wants `npm run build` first. */

import { firstValueFrom, toArray } from "rxjs";
import { type Cells, type CellsEvent, type CellsOptions, createCells, postgresJournal } from "troupe/postgres";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { cellsCreditDecision } from "../../../../examples/credit/cells/cells-workflow.ts";
import { creditDecision } from "../../../../examples/credit/credit-decision.ts";
import { generateApplications } from "../../../../examples/credit/generate-applications.ts";
import { decideSequentially } from "../../../../examples/credit/oracle.ts";
import { paceVariable } from "../../../../examples/credit/pace.ts";
import { newSchema, postgresJournals, sharedPostgres } from "../../../postgres/shared-postgres.ts";
import { failure } from "../../../store/support/failure.ts";

const url = await sharedPostgres();
const { query } = postgresJournals(url);
const applications = generateApplications({ count: 40, seed: 3 });
const [first, second] = applications as readonly [(typeof applications)[number], (typeof applications)[number]];

const open: Cells[] = [];
const schemas: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (cells) => cells.close()));
});
afterAll(async () => {
  for (const schema of schemas) await query(`drop schema if exists "${schema}" cascade`);
});

function schemaOfOwn(): string {
  const schema = newSchema();
  schemas.push(schema);
  return schema;
}

async function join(schema: string, options: Partial<CellsOptions> = {}): Promise<Cells> {
  process.env[paceVariable] = "1";
  const cells = await createCells({
    journal: url as string,
    schema,
    cells: 4,
    lease: 2_000,
    threads: 1,
    env: [paceVariable],
    workflows: [cellsCreditDecision],
    logger: false,
    ...options,
  });
  open.push(cells);
  return cells;
}

/** Resolves when the members have so many cells each. */
async function shared(members: readonly Cells[], shares: readonly number[]): Promise<void> {
  while (members.some(({ owned }, i) => owned.length !== shares[i])) await members[0]?.look();
}

describe.skipIf(url === undefined)("a run that is submitted to a cell", () => {
  it("is started by the cell's owner, once under its id, and read from any process", async () => {
    const schema = schemaOfOwn();
    const client = await join(schema, { owns: false });
    const run = await client.submit(cellsCreditDecision, first, { id: "once", key: "tenant", tenant: "t" });
    expect(run.cell).toBe(client.cellOf("tenant"));
    expect(await run.view()).toMatchObject({ status: "new" });
    expect(await failure(client.submit(cellsCreditDecision, second, { id: "once", key: "tenant" }))).toMatchObject({
      code: "run-exists",
    });
    const found = await client.findRun("once", { key: "tenant" });
    const owner = await join(schema);
    expect(await found.result).toEqual(decideSequentially(first));
    const again = await owner.submit(cellsCreditDecision, first, { id: "once", key: "tenant" });
    expect(await again.result).toEqual(decideSequentially(first));
    expect(await failure(owner.submit(cellsCreditDecision, second, { id: "once", key: "tenant" }))).toMatchObject({
      code: "run-exists",
    });
    const events = await firstValueFrom(run.events$.pipe(toArray()));
    expect(events.map(({ event }) => event.type)).toEqual((await run.history()).map(({ event }) => event.type));
    expect(events.at(-1)?.event).toMatchObject({ type: "run-ended", status: "completed" });
    expect(await run.view()).toMatchObject({ status: "completed", tenant: "t" });
    expect(await query(`select 1 from "${schema}".submitted`)).toEqual([]);
    const journal = await postgresJournal(url as string, { schema, cell: run.cell, readOnly: true });
    expect(await journal.keys("run/")).toEqual(["run/once"]);
    await journal.close();
    expect(await failure(client.findRun("once"))).toMatchObject({ code: "no-such-run" });
  });

  it("is refused where it can't be one, and says why", async () => {
    const client = await join(schemaOfOwn(), { owns: false });
    const given = (input: unknown, options?: object): Promise<unknown> =>
      failure(client.submit(cellsCreditDecision, input as never, options));
    expect(await given({ ...first, age: 3 })).toMatchObject({ code: "contract-violated" });
    expect(await given(first, { idd: "x" })).toMatchObject({ code: "invalid-options" });
    const unnamed = await failure(client.submit(creditDecision, { applicantId: "a" }));
    expect(String(unnamed)).toContain("credit-decision@1.0.0 is not among the workflows that createCells was given");
  });
});

describe.skipIf(url === undefined)("members", () => {
  it("share cells evenly, and hand over without failing a run", async () => {
    const schema = schemaOfOwn();
    const one = await join(schema);
    const events: CellsEvent[] = [];
    one.events$.subscribe((event) => events.push(event));
    await shared([one], [4]);
    const other = await join(schema);
    await shared([one, other], [2, 2]);
    const runs = await Promise.all(
      applications.map(async (application) => other.submit(cellsCreditDecision, application, { id: application.id })),
    );
    await one.close();
    expect(await Promise.all(runs.map(async ({ result }) => result))).toEqual(applications.map(decideSequentially));
    expect(other.owned).toEqual([1, 2, 3, 4]);
    expect(events.filter(({ type }) => type === "cell-given-back")).toHaveLength(4);
    const owners = await query(`select 1 from "${schema}".epochs group by cell, epoch having count(*) > 1`);
    expect(owners).toEqual([]);
    const twice = await query(
      `select 1 from "${schema}".keys where position('applicant/' in convert_from(substring(key from 4), 'UTF8')) > 0 and newest <> 2`,
    );
    expect(twice, "each file was opened and scored once").toEqual([]);
  });

  it("try a cell again whose setup has thrown, and say so", async () => {
    let thrown = 0;
    const cells = await join(schemaOfOwn(), {
      cells: 1,
      setup: (_system, cell) => {
        if (thrown++ === 0) throw new Error(`no setup of ${cell}`);
      },
    });
    const failed = await firstValueFrom(cells.events$);
    expect(failed).toMatchObject({ type: "cell-failed", cell: 1, retryAfter: 1_000 });
    expect(await firstValueFrom(cells.events$)).toMatchObject({ type: "cell-taken", cell: 1 });
  });
});

describe.skipIf(url === undefined)("a process that owns no cell", () => {
  it("says once that the database can't be read, and once that it can again, and goes on following its runs", async () => {
    const schema = schemaOfOwn();
    const client = await join(schema, { owns: false });
    const events: CellsEvent[] = [];
    client.events$.subscribe((event) => events.push(event));
    const run = await client.submit(cellsCreditDecision, first, { id: "followed" });
    const ended = run.result;
    const unreachable = firstValueFrom(client.events$);
    await query(`alter table "${schema}".keys rename to away`);
    expect(await unreachable).toMatchObject({ type: "database-unreachable", error: expect.any(Error) as unknown });
    const reached = firstValueFrom(client.events$);
    await query(`alter table "${schema}".away rename to keys`);
    expect(await reached).toEqual({ type: "database-reached" });
    await join(schema);
    expect(await ended).toEqual(decideSequentially(first));
    expect(events.map(({ type }) => type)).toEqual(["database-unreachable", "database-reached"]);
  });
});

describe.skipIf(url === undefined)("a journal", () => {
  it("is parted once, and then neither otherwise nor whole; one that is used whole is not parted", async () => {
    const schema = schemaOfOwn();
    await join(schema, { owns: false });
    expect(String(await failure(join(schema, { cells: 5 })))).toContain("is parted into 4 cells, which stays so");
    expect(String(await failure(postgresJournal(url as string, { schema })))).toContain("cell: 1 to 4");
    expect(String(await failure(postgresJournal(url as string, { schema, cell: 5 })))).toContain("cell: 1 to 4");
    const other = schemaOfOwn();
    await (await postgresJournal(url as string, { schema: other })).close();
    expect(String(await failure(join(other)))).toContain("is used as a whole already");
    expect(String(await failure(postgresJournal(url as string, { schema: other, cell: 1 })))).toContain("is whole");
  });
});
