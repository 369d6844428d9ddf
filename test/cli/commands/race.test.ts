/** `troupe race`. */

import { describe, expect, it } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import { raceTest } from "../../../src/testing/index.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();

async function race(args: readonly string[], terminal = fakeTerminal(folder)) {
  const code = await commandLine(["race", ...args], terminal, fakePorts());
  return { code, out: terminal.printed, notes: terminal.notes };
}

/** Two tasks that pay from one account; the second form looks at it again. */
write(
  "accounts.race.mjs",
  `const shared = () => ({ account: { balance: 100 }, pay: async () => {} });
const hasty = async ({ account, pay }) => {
  const before = account.balance;
  await pay();
  account.balance = before - 10;
};
const careful = async ({ account, pay }) => {
  await pay();
  account.balance -= 10;
};
const check = ({ account }) => {
  if (account.balance !== 80) throw new Error("the balance is " + account.balance);
};
export const lost = { shared, tasks: { ada: hasty, ben: hasty }, check };
export const kept = {
  name: "both pay",
  scenario: {
    shared: (invariants) => {
      invariants.sometimes("the balance is below 0", () => false);
      return shared();
    },
    tasks: { ada: careful, ben: careful },
    check,
  },
  options: { runs: 40, seed: 1 },
};
export const helper = () => 1;
`,
);

/** `counted` fails from the third run of its process on; `warm` from the second one on, in one of four. */
write(
  "outliving.race.mjs",
  `let runs = 0;
let isWarm = false;
const shared = () => ({ ask: async () => {} });
const tasks = { a: ({ ask }) => ask(), b: ({ ask }) => ask() };
export const counted = { shared, tasks, check: () => {
  if (++runs >= 3) throw new Error("it was run before");
} };
export const warm = { shared, tasks, check: () => {
  if (isWarm && Math.random() < 0.25) throw new Error("it was warm");
  isWarm = true;
} };
`,
);

describe("a variable of a module that outlives the runs", () => {
  it.each([
    [
      "counted",
      /^the scenario failed with seed 4: it was run before\nSeed 2 held before, and fails now .*: it was run before\n.* each changes it: runs of .*outliving\.race\.mjs\. Make/,
    ],
    [
      "warm",
      /^the scenario failed with seed 4 after 2 other runs: it was warm\nRun alone, in a fresh thread, it holds: .*a variable of a module outlives the runs/,
    ],
  ])("is an error of its own where a seed fails only after others: %s", async (name, message) => {
    const { code, out } = await race([`outliving.race.mjs#${name}`, "--seed", "2", "--json"]);
    expect(code).toBe(1);
    const result = JSON.parse(out.join("")) as { failure: { message: string } };
    expect(result).toMatchObject({ status: "failed", failure: { code: "not-repeatable" } });
    expect(result.failure.message).toMatch(message);
  });
});

describe("troupe race", () => {
  it("tries the schedules of each race that a module exports, and says what failed, with exit code 1", async () => {
    const { code, out } = await race(["accounts.race.mjs", "--seed", "1"]);
    expect(code).toBe(1);
    const text = out.join("\n");
    expect(text).toMatch(/^held both pay: 40 schedules tried, \d+ of them different$/m);
    expect(text).toMatch(/^ {2}warning: sometimes "the balance is below 0" was met in none of them$/m);
    expect(text).toMatch(
      /^failed lost\n {2}the scenario failed with seed \d+: the balance is 90\n {2}What its shortest schedule does:$/m,
    );
    expect(text).toMatch(/^ {2}What raced: \w+ read account.balance at version 1/m);
    expect(text).toMatch(/^ {2}Repeat it with troupe race accounts\.race\.mjs#lost --seed \d+ --runs 1\.$/m);
    expect(text).toMatch(/: troupe race accounts\.race\.mjs#lost --replay 2\.[^ ]+\.$/m);
  });

  it("makes no tests of the races that it loads, and leaves those of others alone", async () => {
    const made: string[] = [];
    const make = (): unknown => raceTest("another", () => Promise.resolve(), { test: (name) => made.push(name) });
    Reflect.set(globalThis, "makesRaceTest", make);
    write("of-a-test.race.mjs", "export const raced = globalThis.makesRaceTest();");
    const { out } = await race(["of-a-test.race.mjs", "--runs", "1"]);
    expect(out.join("\n")).toMatch(/^held another: 1 schedule tried/m);
    expect(made).toEqual([]);
    make();
    expect(made).toEqual(["another"]);
    Reflect.deleteProperty(globalThis, "makesRaceTest");
  });

  it("repeats a failure by its seed and by its replay", async () => {
    const [json = ""] = (await race(["accounts.race.mjs#lost", "--seed", "1", "--json"])).out;
    const found = JSON.parse(json) as { seed: number; failure: { seed: number; replay: string; message: string } };
    expect(found).toMatchObject({ race: "lost", status: "failed", failure: { code: "simulation-failed" } });
    const { seed, replay } = found.failure;
    for (const how of [
      ["--seed", String(seed), "--runs", "1"],
      ["--replay", replay],
    ]) {
      const again = await race(["accounts.race.mjs#lost", "--json", ...how]);
      expect(again.code).toBe(1);
      expect(JSON.parse(again.out[0] ?? "")).toMatchObject({ failure: { seed } });
    }
  });

  it("ends with exit code 0 where all hold, as JSON too", async () => {
    const { code, out } = await race(["accounts.race.mjs#kept", "--json", "--runs", "7", "--strategy", "pct"]);
    expect(code).toBe(0);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        ...{ race: "both pay", status: "held", seed: 1, runs: 7, crashes: 0, unmet: ["the balance is below 0"] },
        ...{ steps: expect.any(Number), schedules: expect.any(Number) },
      },
    ]);
  });

  it("prints what it found until it is interrupted", async () => {
    const terminal = fakeTerminal(folder);
    let runs = 0;
    const searching = race(["accounts.race.mjs#kept", "--runs", "100000000"], {
      ...terminal,
      progress: (text) => {
        runs = Number(/(\d+) schedules tried/.exec(text)?.[1]);
        terminal.interrupt();
      },
    });
    const { out } = await searching;
    expect(runs).toBeGreaterThan(0);
    expect(out[0]).toBe(
      `interrupted both pay: held so far, ${runs} schedules tried, ${/(\d+) of them/.exec(out[0] ?? "")?.[1]} of them different`,
    );
  });

  it("ends after the time that it is given", async () => {
    const { code, out } = await race(["accounts.race.mjs#kept", "--time", "5", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out[0] ?? "")).toMatchObject({ status: "held" });
  });
});

describe("what is wrong", () => {
  write("empty.mjs", "export const answer = 42;\n");
  write("broken.mjs", "throw new Error('no database here');\n");

  it.each([
    [["missing.mjs"], 1, "missing.mjs: there is no such file"],
    [["empty.mjs"], 1, "empty.mjs: exports no race; export what raceTest(…) returns"],
    [["empty.mjs#answer"], 1, 'empty.mjs: its export "answer" is no race; it exports no race'],
    [["accounts.race.mjs#helper"], 1, 'its export "helper" is no race; its races are kept, lost'],
    [["broken.mjs"], 1, "broken.mjs: can't be loaded: no database here"],
    [["accounts.race.mjs#lost", "--replay", "nonsense"], 1, "replay is a schedule as a failure prints it"],
    [
      ["accounts.race.mjs", "--replay", "2.1.....0_.00000000"],
      1,
      "--replay is of one race; name it: accounts.race.mjs#kept, accounts.race.mjs#lost",
    ],
    [[], 2, "race: FILE is missing"],
    [["a.mjs", "b.mjs"], 2, 'what is "b.mjs"?'],
    [["a.mjs", "--runs", "0"], 2, "--runs must be a whole number from 1"],
    [["a.mjs", "--seed", "x"], 2, "--seed must be a whole number"],
    [["a.mjs", "--strategy", "luck"], 2, "--strategy must be one of portfolio, random"],
    [["a.mjs", "--jobs", "9999"], 2, "--jobs must be a whole number from 1 to 256"],
    [["a.mjs", "--replay", "2.1.....0_.00000000", "--seed", "1"], 2, "--replay is one schedule: leave out --seed"],
  ] as const)("%j ends with exit code %i", async (args, exitCode, problem) => {
    const { code, notes } = await race(args);
    expect({ code, notes }).toEqual({ code: exitCode, notes: [expect.stringContaining(problem)] });
  });
});
