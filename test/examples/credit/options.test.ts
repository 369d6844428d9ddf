import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_RATES } from "../../../examples/credit/faults.ts";
import { CHAOS_MODES } from "../../../examples/credit/mode.ts";
import { DEFAULTS, UsageError, parseOptions } from "../../../examples/credit/options.ts";

const run = (...args: string[]) => {
  const command = parseOptions(args);
  if (command.kind !== "run") throw new Error("expected a run");
  return command.options;
};

describe("parseOptions", () => {
  it("runs the real applications in all modes when nothing is asked for", () => {
    expect(run()).toEqual({
      input: DEFAULTS.input,
      format: "statlog",
      threads: 2,
      seed: 1,
      modes: ["stale-cache", "orchestrator", "relay", "switching"],
      delay: true,
      chaos: undefined,
      inspect: false,
      json: false,
      verbose: false,
    });
    expect(DEFAULTS.input).toMatch(/german-credit\.data$/);
    expect(run("--sample", "german")).toEqual(run());
    const madeUp = run("--sample=made-up");
    expect(madeUp).toEqual({ ...run(), input: madeUp.input, format: "csv" });
    expect([DEFAULTS.input, madeUp.input].map((path) => existsSync(path))).toEqual([true, true]);
  });

  it("takes a file for CSV if no format is given", () => {
    expect(run("--input", "f.csv")).toMatchObject({ input: "f.csv", format: "csv" });
  });

  it("takes every option, in either spelling", () => {
    const args =
      "--input f.data --format=statlog --threads 64 --seed=0 --modes relay,stale-cache --no-delay --inspect --json --verbose";
    expect(run(...args.split(" "))).toEqual({
      input: "f.data",
      format: "statlog",
      threads: 64,
      seed: 0,
      modes: ["relay", "stale-cache"],
      delay: false,
      chaos: undefined,
      inspect: true,
      json: true,
      verbose: true,
    });
    expect(run("-v").verbose).toBe(true);
    expect(run("--delay").delay).toBe(true);
    expect(run("--threads", "3", "--threads", "4").threads).toBe(4);
    expect(run("--modes", " relay , relay,switching").modes).toEqual(["relay", "switching"]);
  });

  it("has chaos by default rates or by those given, for all modes that it is for", () => {
    expect(run("--chaos")).toMatchObject({ chaos: DEFAULT_RATES, modes: ["orchestrator", "relay", "switching"] });
    expect(run("--chaos-rates", "kill=0.01, slow=.5,throw=0")).toMatchObject({
      chaos: { ...DEFAULT_RATES, kill: 0.01, slow: 0.5, throw: 0 },
      modes: CHAOS_MODES,
    });
    expect(run("--chaos", "--modes", "relay").modes).toEqual(["relay"]);
  });

  it.each([["--help"], ["-h"], ["--help", "--threads", "none"]])("helps: %s", (...args) => {
    const command = parseOptions(args);
    if (command.kind !== "help") throw new Error("expected help");
    for (const name of [
      "sample",
      "input",
      "format",
      "threads",
      "seed",
      "modes",
      "no-delay",
      "chaos",
      "chaos-rates",
      "json",
      "verbose",
      "help",
    ]) {
      expect(command.text).toContain(`--${name}`);
    }
    expect(command.text.split("\n").every((line) => line.length <= 120)).toBe(true);
  });

  it.each([
    ["--bogus", "Unknown option '--bogus'; --help lists the options"],
    ["-x", "Unknown option '-x'; --help lists the options"],
    ["file.csv", "Unexpected argument 'file.csv'; --help lists the options"],
    ["--threads", "Option '--threads <value>' argument missing; --help lists the options"],
    ["--json=yes", "Option '--json' does not take an argument; --help lists the options"],
    ["--threads -1", "Option '--threads' argument is ambiguous; --help lists the options"],
    ["--threads=0", '--threads must be a whole number from 1 to 64, got "0"'],
    ["--threads=65", '--threads must be a whole number from 1 to 64, got "65"'],
    ["--threads=-1", '--threads must be a whole number from 1 to 64, got "-1"'],
    ["--threads=two", '--threads must be a whole number from 1 to 64, got "two"'],
    ["--threads=1.5", '--threads must be a whole number from 1 to 64, got "1.5"'],
    ["--threads=", '--threads must be a whole number from 1 to 64, got ""'],
    ["--seed=4294967296", '--seed must be a whole number from 0 to 4294967295, got "4294967296"'],
    ["--format=xml --input=f", '--format must be one of csv, statlog, got "xml"'],
    ["--format=statlog", "--format is for --input FILE: the samples have theirs"],
    ["--format=csv --sample=german", "--format is for --input FILE: the samples have theirs"],
    ["--sample=real", '--sample must be one of german, made-up, got "real"'],
    ["--sample=german --input=f.csv", "--sample and --input exclude each other"],
    ["--input=", "--input needs the name of a file"],
    ["--modes=", '--modes must be one of stale-cache, orchestrator, relay, switching, got ""'],
    ["--modes=relay,chaos", '--modes must be one of stale-cache, orchestrator, relay, switching, got "chaos"'],
    ["--chaos --modes=relay,stale-cache", "--chaos is not for the mode stale-cache: its caches go with their threads"],
    ["--chaos-rates=boom=1", '--chaos-rates must be one of kill, stall, throw, hang, slow, got "boom"'],
    ["--chaos-rates=kill", '--chaos-rates: kill must be a number from 0 to 1, got ""'],
    ["--chaos-rates=kill=1.1", '--chaos-rates: kill must be a number from 0 to 1, got "1.1"'],
    ["--chaos-rates=kill=1e-3", '--chaos-rates: kill must be a number from 0 to 1, got "1e-3"'],
    ["--chaos-rates=kill=0.1=2", '--chaos-rates: kill must be a number from 0 to 1, got "0.1=2"'],
    ["--chaos-rates=kill=-1", '--chaos-rates: kill must be a number from 0 to 1, got "-1"'],
    [
      "--chaos-rates=throw=0.6,slow=0.5,kill=0,stall=0,hang=0",
      "--chaos-rates must be 1 together at most, they are kill=0,stall=0,throw=0.6,hang=0,slow=0.5",
    ],
    ["--delay --no-delay", "--delay and --no-delay exclude each other"],
  ])("refuses %s in one line", (line, message) => {
    expect(() => parseOptions(line.split(" "))).toThrow(new UsageError(message));
    expect(message).not.toContain("\n");
  });
});
