/** `troupe check-history`. */

import { describe, expect, it } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();

async function check(file: string, ...rest: readonly string[]) {
  const terminal = fakeTerminal(folder);
  const code = await commandLine(["check-history", file, ...rest], terminal, fakePorts());
  return { code, out: terminal.printed, notes: terminal.notes };
}

const lines = (...events: readonly unknown[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join("");

write(
  "lost.jsonl",
  lines(
    { process: 1, type: "invoke", f: "write", value: 4 },
    { process: 1, type: "ok", f: "write", value: 4 },
    { process: 2, type: "invoke", f: "read" },
    { process: 2, type: "ok", f: "read", value: null },
  ),
);

describe("troupe check-history", () => {
  it("says what is linearizable, with exit code 0", async () => {
    write(
      "cas.jsonl",
      lines(
        { process: 1, type: "invoke", f: "write", value: 4 },
        { process: 1, type: "ok", f: "write", value: 4 },
        { process: 2, type: "invoke", f: "cas", value: [4, 5] },
        { process: 3, type: "invoke", f: "cas", value: [4, 6] },
        { process: 3, type: "fail", f: "cas", value: [4, 6] },
        { process: 2, type: "ok", f: "cas", value: [4, 5] },
        { process: 1, type: "invoke", f: "write", value: 9 },
        { process: 1, type: "info", f: "write", value: "timed-out" },
        { process: 1, type: "invoke", f: "read" },
        { process: 1, type: "ok", f: "read", value: 9 },
        { process: 1, type: "invoke", f: "read" },
        { process: 1, type: "fail", f: "read" },
      ),
    );
    expect(await check("cas.jsonl", "--model", "register")).toMatchObject({
      code: 0,
      out: [expect.stringMatching(/^linearizable: 5 operations, model register, \d+ orders explored$/)],
    });
    expect((await check("cas.jsonl", "--model", "register", "--json")).out.map((line) => JSON.parse(line))).toEqual([
      { linearizable: true, model: "register", operations: 5, explored: expect.any(Number) },
    ]);
  });

  it("draws what isn't, with exit code 1", async () => {
    const { code, out } = await check("lost.jsonl", "--model", "register");
    expect(code).toBe(1);
    expect(out).toEqual([
      expect.stringMatching(/^not linearizable: 2 operations/),
      "",
      "1 ├ write 4 ┤",
      "2             ├ read → null ┤ ✗",
      "",
      "No order of these operations explains the last answer of 2: read → null.",
    ]);
    const [json = ""] = (await check("lost.jsonl", "--model", "register", "--json")).out;
    expect(JSON.parse(json)).toMatchObject({
      linearizable: false,
      violation: { last: { process: 2, input: { f: "read" }, output: null }, operations: [{}, {}], others: [] },
    });
  });

  it("says that it doesn't know, with exit code 1", async () => {
    const { code, out } = await check("lost.jsonl", "--model", "register", "--budget", "1");
    expect({ code, out }).toEqual({ code: 1, out: [expect.stringMatching(/^unknown: .+ larger --budget/)] });
  });

  it("reads what Jepsen writes: its log, maps, and a vector of maps", async () => {
    const log = ["nil", "4"].map(
      (value, n) => `INFO  jepsen.util - ${n}\t:invoke\t:${n ? "write" : "read"}\t${value}\n`,
    );
    write(
      "jepsen.log",
      `${log.join("")}INFO  jepsen.core - Running\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil\n` +
        "INFO  jepsen.util - 1\t:ok\t:write\t4\nINFO  jepsen.util - 0\t:fail\t:read\t:timed-out\n",
    );
    const map = (type: string, f: string, value: string) => `{:process 0, :type :${type}, :f :${f}, :value ${value}}`;
    write("maps.edn", `; a comment\n${map("invoke", "write", "4")}\n#jepsen.history.Op${map("ok", "write", "4")}\n`);
    write("vector.edn", `[${map("invoke", "write", "[1 #{2}]")} #_ignored\n ${map("ok", "write", "[1 #{2}]")}]`);
    for (const [file, count] of [
      ["jepsen.log", 1],
      ["maps.edn", 1],
      ["vector.edn", 1],
    ] as const) {
      const [json = "{}"] = (await check(file, "--format", "jepsen", "--model", "register", "--json")).out;
      expect([file, JSON.parse(json)]).toEqual([
        file,
        expect.objectContaining({ linearizable: true, operations: count }),
      ]);
    }
  });

  it("takes a model of one's own", async () => {
    write(
      "flag.mjs",
      `export const flag = {
        name: "flag",
        initial: false,
        next: (isUp, { f }, answer) => (f === "raise" ? (answer?.output === !isUp ? [true] : []) : [false]),
      };`,
    );
    const raise = (process: number, value: boolean) => [
      { process, type: "invoke", f: "raise" },
      { process, type: "ok", f: "raise", value },
    ];
    write("flags.jsonl", lines(...raise(1, true), ...raise(2, false)));
    write("both.jsonl", lines(...raise(1, true), ...raise(2, true)));
    expect(await check("flags.jsonl", "--model", "flag.mjs#flag")).toMatchObject({ code: 0 });
    expect(await check("both.jsonl", "--model", "flag.mjs#flag")).toMatchObject({ code: 1 });
  });

  it.each([
    ["an unknown model", ["--model", "registry"], 'there is no model "registry": take one of register, kv, counter'],
    ["an export that is none", ["--model", "flag.mjs#flags"], "flag.mjs: its export flags is no model"],
    ["no model", [], "--model MODEL is missing"],
    ["an unknown format", ["--model", "register", "--format", "xml"], "--format must be one of jsonl, jepsen"],
    ["a wrong budget", ["--model", "register", "--budget", "0"], "--budget must be a whole number from 1"],
  ])("refuses %s", async (_, options, problem) => {
    const { code, notes } = await check("lost.jsonl", ...options);
    expect(code).not.toBe(0);
    expect(notes.join("\n")).toContain(problem);
  });

  it.each([
    ["{", "w.jsonl:1: is not JSON"],
    [lines({ process: 1, type: "start", f: "read" }), "w.jsonl:1: is no event of a history: type: expected"],
    [
      lines({ process: 1, type: "ok", f: "read" }),
      "w.jsonl:1: the process 1 is answered read, which it has not called",
    ],
    [
      lines({ process: 1, type: "invoke", f: "read" }, { process: 1, type: "invoke", f: "read" }),
      "w.jsonl:2: the process 1 calls again; its call in line 1 has no answer yet",
    ],
    [lines({ process: 1, type: "invoke", f: "pop" }), "w.jsonl:1: is no call of the model register: f: expected"],
    [
      lines({ process: 1, type: "invoke", f: "cas", value: 4 }),
      "w.jsonl:1: is no call of the model register: value: expected Array, got 4",
    ],
    ["", "w.jsonl: has no event of a history in the format jsonl"],
  ])("names the line of %j", async (text, problem) => {
    write("w.jsonl", text);
    const { code, notes } = await check("w.jsonl", "--model", "register");
    expect(code).toBe(1);
    expect(notes.join("\n")).toContain(problem);
  });

  it.each([
    ["{:process 0", "w.edn:1: is not EDN: it is not closed by }"],
    ['\n {:process 0 :type "ok}', "w.edn:2: is not EDN: a string is not closed"],
    ["{:process}", "w.edn:1: is not EDN: a map has a key without a value"],
    ["[1 2))", "w.edn:1: is not EDN: nothing is open that ) could close"],
    ["[1 2]", "w.edn:1: is no event of a history: expected Object, got 1"],
    ["{:process 0, :type :invoke, :f :write, :value 123456789012345678901}", "too large a number to be kept exactly"],
  ])("names the line of the EDN %j", async (text, problem) => {
    write("w.edn", text);
    const { code, notes } = await check("w.edn", "--format", "jepsen", "--model", "register");
    expect(code).toBe(1);
    expect(notes.join("\n")).toContain(problem);
  });

  it("names a file that isn't there", async () => {
    expect(await check("nowhere.jsonl", "--model", "register")).toMatchObject({
      code: 1,
      notes: [expect.stringContaining("nowhere.jsonl: there is no such file")],
    });
  });
});
