import type { ErrorCode } from "../../../src/errors/error-code.ts";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import { NEVER } from "rxjs";
import type { CommandRun, CommandSystem, StartSystem } from "../../../src/cli/command/command-system.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();
write(
  "flow.mjs",
  `const schema = (type, entries) => ({ kind: "schema", type, entries });
  export const flow = { kind: "workflow", module: import.meta.url, name: "flow", version: "1", steps: [],
    input: schema("object", { n: schema("number") }) };`,
);
write("in.csv", "n\n1\nx\n3\n4\n");
write("good.jsonl", '{"n":1}\n');
const run = ["run", "flow.mjs", "--input", "in.csv"];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Waits for something to come true; the test's own timeout ends the wait. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await turn();
};

/** A system whose runs double their input, and fail for 3. */
function fakeSystem(
  result: (input: { n: number }) => Promise<unknown> = async ({ n }) => {
    if (n === 3) throw new TroupeError<ErrorCode>("conflict", "three is taken");
    return { doubled: 2 * n };
  },
) {
  const started: unknown[] = [];
  const ids: string[] = [];
  const tenants: (string | undefined)[] = [];
  const cancelled: unknown[] = [];
  const options: unknown[] = [];
  let closed = 0;
  let rejectAll: (error: unknown) => void = () => undefined;
  const gone = new Promise<never>((_, reject) => (rejectAll = reject));
  gone.catch(() => undefined);
  const system: CommandSystem = {
    run(_workflow, input, { id = "", tenant } = {}): CommandRun {
      started.push(input);
      ids.push(id);
      tenants.push(tenant);
      return {
        id,
        result: Promise.race([result(input as { n: number }), gone]),
        cancel: async () => void cancelled.push(input),
        events$: NEVER,
        view: () => Promise.reject(new Error("this run has no view")),
      };
    },
    findRun: () => Promise.reject(new Error("this test looks up no run")),
    forkRun: () => Promise.reject(new Error("this test forks no run")),
    async close() {
      closed++;
      rejectAll(new TroupeError("system-closed", "the system is closed"));
    },
  };
  const start: StartSystem = async (given) => {
    options.push(given);
    return system;
  };
  return { start, started, ids, tenants, cancelled, options, closed: () => closed };
}

describe("troupe run", () => {
  it("prints a line for each input, a summary, and fails when one failed", async () => {
    const terminal = fakeTerminal(folder);
    const system = fakeSystem();
    expect(await commandLine(run, terminal, fakePorts(system))).toBe(1);
    expect(terminal.printed).toEqual([
      'line 2: ok {"doubled":2}',
      'line 3: error in.csv:3: n: expected a number, got "x"',
      "line 4: error three is taken",
      'line 5: ok {"doubled":8}',
    ]);
    expect(terminal.notes).toEqual(["4 inputs: 2 ok, 2 failed"]);
    expect(system.started).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }]);
    expect(system.closed()).toBe(1);
  });

  it("succeeds when all inputs did", async () => {
    const terminal = fakeTerminal(folder);
    expect(await commandLine(["run", "flow.mjs", "--input", "good.jsonl"], terminal, fakePorts(fakeSystem()))).toBe(0);
    expect(terminal.notes).toEqual(["1 input: 1 ok, 0 failed"]);
  });

  it("prints JSON when asked to", async () => {
    const terminal = fakeTerminal(folder);
    expect(await commandLine([...run, "--json"], terminal, fakePorts(fakeSystem()))).toBe(1);
    expect(terminal.printed.map((line) => JSON.parse(line) as unknown)).toEqual([
      { line: 2, ok: true, result: { doubled: 2 } },
      {
        line: 3,
        ok: false,
        error: { code: "invalid-input", message: 'in.csv:3: n: expected a number, got "x"', field: "n" },
      },
      { line: 4, ok: false, error: { code: "conflict", message: "three is taken" } },
      { line: 5, ok: true, result: { doubled: 8 } },
    ]);
  });

  it("shows stacks with --verbose, and only on stderr", async () => {
    const terminal = fakeTerminal(folder);
    await commandLine([...run, "--verbose"], terminal, fakePorts(fakeSystem()));
    expect(terminal.printed.join("\n")).not.toMatch(/^ +at /m);
    expect(terminal.notes.join("\n")).toMatch(/line 4: .*three is taken\n +at /);
  });

  it("passes coordination and threads on, and leaves what isn't given to the system", async () => {
    const system = fakeSystem();
    await commandLine(run, fakeTerminal(folder), fakePorts(system));
    await commandLine([...run, "--coordination", "relay", "--threads", "3"], fakeTerminal(folder), fakePorts(system));
    expect(system.options).toEqual([
      { coordination: "orchestrator", logger: false },
      { coordination: "relay", logger: false, threads: 3 },
    ]);
  });

  it("keeps its runs in a journal, under the ids that it is told, and goes on with no others", async () => {
    const system = fakeSystem();
    const opened: unknown[] = [];
    const journal = memoryJournal();
    const ports = fakePorts({
      ...system,
      openJournal: async (...given) => {
        opened.push(given);
        return journal;
      },
    });
    const terminal = fakeTerminal(folder);
    await commandLine([...run, "--journal", "state", "--id", "day", "--json"], terminal, ports);
    expect(opened).toEqual([[join(folder, "state"), { readOnly: false }]]);
    expect(system.options).toEqual([
      { coordination: "orchestrator", logger: false, journal: expect.any(Promise) as unknown, recover: false },
    ]);
    expect(system.ids).toEqual(["day-2", "day-4", "day-5"]);
    const lines = terminal.printed.map((line) => JSON.parse(line) as { readonly line: number; readonly run?: string });
    expect(lines.map(({ line, run: id }) => [line, id])).toEqual([
      [2, "day-2"],
      [3, undefined],
      [4, "day-4"],
      [5, "day-5"],
    ]);
  });

  it("starts its runs for the tenant that it is told", async () => {
    const system = fakeSystem();
    await commandLine(run, fakeTerminal(folder), fakePorts(system));
    await commandLine([...run, "--tenant", "acme"], fakeTerminal(folder), fakePorts(system));
    expect(system.tenants).toEqual([undefined, undefined, undefined, "acme", "acme", "acme"]);
    const terminal = fakeTerminal(folder);
    expect(await commandLine([...run, "--tenant", "x".repeat(257)], terminal, fakePorts())).toBe(2);
    expect(terminal.notes).toEqual([expect.stringMatching("^troupe: run: --tenant: expected a text of 1 to 256 char")]);
  });

  it.each(["journal", "id", "tenant"])("refuses an empty --%s", async (option) => {
    const terminal = fakeTerminal(folder);
    expect(await commandLine([...run, `--${option}=`], terminal, fakePorts())).toBe(2);
    expect(terminal.notes).toEqual([expect.stringMatching(`^troupe: run: --${option} [A-Z]+ is missing$`)]);
  });

  it.each([
    ["a module that isn't there", ["run", "no.mjs", "--input", "in.csv"], "troupe: no.mjs: there is no such file"],
    ["a file that isn't there", ["run", "flow.mjs", "--input", "no.csv"], "troupe: no.csv: there is no such file"],
  ])("ends with one line for %s, before it starts a system", async (_, args, note) => {
    const terminal = fakeTerminal(folder);
    const system = fakeSystem();
    expect(await commandLine(args, terminal, fakePorts(system))).toBe(1);
    expect(terminal).toMatchObject({ printed: [], notes: [note] });
    expect(system.options).toEqual([]);
  });

  it("ends with one line when no system starts", async () => {
    const terminal = fakeTerminal(folder);
    const start: StartSystem = () => Promise.reject(new TroupeError("thread-died", "no thread\nstarts"));
    expect(await commandLine(run, terminal, fakePorts({ start }))).toBe(1);
    expect(terminal.notes).toEqual(["troupe: no thread starts"]);
  });

  it("ends with one line and exit code 2 for wrong usage", async () => {
    const terminal = fakeTerminal(folder);
    expect(await commandLine([...run, "--frob"], terminal, fakePorts())).toBe(2);
    expect(terminal.notes).toEqual([expect.stringMatching(/^troupe: .*--frob[^\n]*$/)]);
  });
});

describe("troupe run, interrupted", () => {
  afterEach(() => void vi.useRealTimers());
  const endless = () => new Promise<never>(() => undefined);

  it("cancels what is in flight, closes the system, and says what became of it", async () => {
    const terminal = fakeTerminal(folder);
    const ended = new Map<number, (error: unknown) => void>();
    const system = fakeSystem(({ n }) =>
      n === 1 ? Promise.resolve(n) : new Promise((_, reject) => ended.set(n, reject)),
    );
    const code = commandLine(run, terminal, fakePorts(system));
    await until(() => ended.size === 2);
    terminal.interrupt();
    expect(system.cancelled).toEqual([{ n: 3 }, { n: 4 }]);
    for (const reject of ended.values())
      reject(new TroupeError("run-cancelled", "", { details: { run: "1", reason: "interrupted" } }));
    expect(await code).toBe(1);
    expect(terminal.printed.filter((line) => line.includes("cancelled"))).toEqual([
      "line 4: error cancelled: interrupted",
      "line 5: error cancelled: interrupted",
    ]);
    expect(terminal.notes).toEqual([
      "interrupted: cancelling what is in flight; Ctrl-C again exits at once",
      "4 inputs: 1 ok, 3 failed",
    ]);
    expect(system.closed()).toBe(1);
  });

  it("closes the system under runs that don't end", async () => {
    const terminal = fakeTerminal(folder);
    const system = fakeSystem(endless);
    const code = commandLine(run, terminal, fakePorts(system));
    await until(() => system.started.length === 3);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    terminal.interrupt();
    expect(system.closed()).toBe(0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await code).toBe(1);
    expect(terminal.printed).toHaveLength(4);
    expect(terminal.printed.at(-1)).toBe("line 5: error the system is closed");
  });

  it("doesn't wait for a module that is being loaded", async () => {
    write("slow.mjs", `globalThis.slowIsLoading = true; await new Promise(() => {});`);
    const terminal = fakeTerminal(folder);
    const code = commandLine(["run", "slow.mjs", "--input", "in.csv"], terminal, fakePorts());
    await until(() => "slowIsLoading" in globalThis);
    terminal.interrupt();
    expect(await code).toBe(1);
  });
});
