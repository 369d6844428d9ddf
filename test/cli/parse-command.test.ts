import { describe, expect, it } from "vitest";
import { Arguments } from "../../src/cli/arguments/arguments.ts";
import { commands } from "../../src/cli/commands.ts";
import { aligned } from "../../src/cli/output/aligned.ts";
import { parseCommand } from "../../src/cli/parse-command.ts";
import { readRun, runFlags } from "../../src/cli/arguments/run-arguments.ts";
import { run as runCommand } from "../../src/cli/commands/run.ts";
import { help } from "../../src/cli/usage.ts";

const run = (...args: string[]) => readRun(new Arguments("run", args, runFlags));

describe("parseCommand", () => {
  it("fills in the defaults", () => {
    expect(run("flow.ts", "--input", "in.csv")).toEqual({
      module: "flow.ts",
      exportName: undefined,
      input: "in.csv",
      coordination: "orchestrator",
      threads: undefined,
      journal: undefined,
      id: undefined,
      isContinued: false,
      env: [],
      setup: undefined,
      json: false,
      verbose: false,
    });
  });

  it("takes all options, in any order", () => {
    const durable = [
      "--journal",
      "state",
      "--id=day",
      "--continue",
      "--env",
      "KEY",
      "--env=KEY",
      "--env=PATH",
      "--setup=desk.mjs#open",
    ];
    const other = ["--json", "--threads=3", "a/b.mjs#flow", "--verbose", "--coordination", "relay", "--input=in.jsonl"];
    const args = [...durable, ...other];
    expect(run(...args)).toEqual({
      module: "a/b.mjs",
      exportName: "flow",
      input: "in.jsonl",
      coordination: "relay",
      threads: 3,
      journal: "state",
      id: "day",
      isContinued: true,
      env: ["KEY", "PATH"],
      setup: { module: "desk.mjs", exportName: "open" },
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
    [["--help"], help()],
    [["-h"], help()],
    [["--version", "-h"], help()],
    [["run", "--help"], runCommand.help],
    [["run", "x.mjs", "--threads", "none", "-h"], runCommand.help],
  ])("helps with %j", (args, text) => {
    expect(parseCommand(args)).toEqual({ kind: "help", text: text });
  });

  it.each(commands)("lists $name, and helps with it", ({ name, summary, help: text, flags }) => {
    expect(help()).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
    expect(parseCommand([name, "--help"])).toEqual({ kind: "help", text: aligned(text) });
    expect(text).toMatch(new RegExp(`^troupe ${name}: `));
    for (const flag of Object.keys(flags)) expect(text, `${name} --${flag}`).toMatch(new RegExp(`--${flag}\\b`));
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
    [["history"], "history: KEY is missing"],
    [["history", "a/1"], "history: --journal DIR is missing"],
    [["history", "a/1", "--journal="], "history: --journal DIR is missing"],
    [["history", "a/1", "b/1", "--journal", "j"], 'history: what is "b/1"?'],
    [["history", "a/1", "--journal", "j", "--limit", "0"], "--limit must be a whole number from 1, got"],
    [["history", "a/1", "--journal", "j", "--since", "yesterday"], "--since must be a time such as"],
    [["history", "a/1", "--journal", "j", "--since", "2027"], "--since must be a time such as"],
    [["history", "a/1", "--journal", "j", "--until", "2026-02-30"], "--until must be a time such as"],
    [["history", "a/1", "--journal", "j", "--until", "2026-02-29T10:00:00Z"], "--until must be a time such as"],
    [["show", "a/1", "--journal", "j", "--at", "1.5"], "--at must be a time such as"],
    [["show", "a/1", "--journal", "j", "--at=-1"], "--at must be a time such as"],
    [["show", "a/1", "--journal", "j", "--at", "ms:x"], "--at must be a time such as"],
    [["history", "a/1", "--journal", "j", "--until", "2026-13-01"], "--until must be a time such as"],
    [["history", "a/1", "--journal", "j", "--threads", "2"], "troupe history --help lists the options"],
    [["show", "a/1", "--journal", "j", "--at", "soon"], "--at must be a time"],
    [["show", "a/1", "--journal", "j", "--at", "0"], "--at must be a whole number from 1"],
    [["diff", "a/1", "one", "--journal", "j"], "FROM must be a whole number from 1"],
    [["diff", "a/1", "1", "2", "3", "--journal", "j"], 'what is "3"?'],
    [["bisect", "a/1", "--journal", "j"], "say what to look for"],
    [["bisect", "a/1", "--journal", "j", "--path", "/n"], "say what to look for"],
    [["bisect", "a/1", "--journal", "j", "--path", "/n", "--above", "1", "--below", "2"], "say what to look for"],
    [["bisect", "a/1", "--journal", "j", "--path", "n", "--exists"], "is no JSON pointer"],
    [["bisect", "a/1", "--journal", "j", "--path", "/n", "--equals", "text"], "--equals must be JSON"],
    [["bisect", "a/1", "--journal", "j", "--path", "/n", "--module", "m.mjs"], "--module or --path, not both"],
    [["bisect", "a/1", "--journal", "j", "--module", "#f"], "names no module"],
    [["blame", "a/1", "n", "--journal", "j"], "is no JSON pointer"],
    [["revert", "a/1", "--journal", "j"], "VERSION is missing"],
    [["revert", "a/1", "last", "--journal", "j"], "VERSION must be a whole number"],
    [["export", "--journal", "j"], "KEY is missing"],
    [["import", "a/1", "--journal", "j"], 'what is "a/1"?'],
  ])("refuses %j in one line", (args, part) => {
    expect(() => parseCommand(args)).toThrow(
      expect.objectContaining({
        code: "invalid-options",
        message: expect.toSatisfy((text: string) => text.includes(part) && !text.includes("\n")),
      }),
    );
  });
});
