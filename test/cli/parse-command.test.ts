import { describe, expect, it } from "vitest";
import { parseCommand } from "../../src/cli/parse-command.ts";
import { help, runHelp } from "../../src/cli/usage.ts";

const run = (...args: string[]) => parseCommand(["run", ...args]);

describe("parseCommand", () => {
  it("fills in the defaults", () => {
    expect(run("flow.ts", "--input", "in.csv")).toEqual({
      kind: "run",
      module: "flow.ts",
      exportName: undefined,
      input: "in.csv",
      coordination: "orchestrator",
      threads: undefined,
      json: false,
      verbose: false,
    });
  });

  it("takes all options, in any order", () => {
    const args = ["--json", "--threads=3", "a/b.mjs#flow", "--verbose", "--coordination", "relay", "--input=in.jsonl"];
    expect(run(...args)).toEqual({
      kind: "run",
      module: "a/b.mjs",
      exportName: "flow",
      input: "in.jsonl",
      coordination: "relay",
      threads: 3,
      json: true,
      verbose: true,
    });
  });

  it.each([
    ["x.mjs", "x.mjs", undefined],
    ["x.mjs#default", "x.mjs", "default"],
    ["a#b/x.mjs#flow", "a#b/x.mjs", "flow"],
    ["file:///a%20b/x.mjs#flow", "file:///a%20b/x.mjs", "flow"],
  ])("splits %s", (target, module, exportName) => {
    expect(run(target, "--input", "in.csv")).toMatchObject({ module, exportName });
  });

  it.each([
    [["--help"], help],
    [["-h"], help],
    [["--version", "-h"], help],
    [["run", "--help"], runHelp],
    [["run", "x.mjs", "--threads", "none", "-h"], runHelp],
  ])("helps with %j", (args, text) => {
    expect(parseCommand(args)).toEqual({ kind: "help", text });
  });

  it("tells the version", () => {
    expect(parseCommand(["--version"])).toEqual({ kind: "version" });
  });

  it.each([
    [[], "what is to be done"],
    [["--"], "what is to be done"],
    [["frob"], 'no command "frob"'],
    [["--frob"], "'--frob'"],
    [["--version", "run"], "after the command"],
    [["--json", "run"], "'--json'"],
    [["run"], "which module"],
    [["run", "--input", "in.csv"], "which module"],
    [["run", "x.mjs"], "--input FILE is missing"],
    [["run", "x.mjs", "--input="], "--input FILE is missing"],
    [["run", "x.mjs", "--input"], "'--input"],
    [["run", "x.mjs", "--input", "--json"], "'--input'"],
    [["run", "x.mjs", "y.mjs", "--input", "in.csv"], '"y.mjs"'],
    [["run", "#flow", "--input", "in.csv"], '"#flow" names no module'],
    [["run", "x.mjs#", "--input", "in.csv"], '"x.mjs#" names no export'],
    [["run", "x.mjs", "--inputs", "in.csv"], "'--inputs'"],
    [["run", "x.mjs", "--input", "in.csv", "--json=yes"], "'--json'"],
    [["run", "x.mjs", "--input", "in.csv", "--coordination", "saga"], 'orchestrator, relay, got "saga"'],
    [["run", "x.mjs", "--input", "in.csv", "--threads", "0"], '1 to 256, got "0"'],
    [["run", "x.mjs", "--input", "in.csv", "--threads", "257"], '1 to 256, got "257"'],
    [["run", "x.mjs", "--input", "in.csv", "--threads", "1.5"], '1 to 256, got "1.5"'],
    [["run", "x.mjs", "--input", "in.csv", "--threads=-1"], '1 to 256, got "-1"'],
    [["run", "x.mjs", "--input", "in.csv", "--threads="], '1 to 256, got ""'],
  ])("refuses %j in one line", (args, part) => {
    expect(() => parseCommand(args)).toThrow(
      expect.objectContaining({
        code: "invalid-options",
        message: expect.toSatisfy((text: string) => text.includes(part) && !text.includes("\n")),
      }),
    );
  });
});
