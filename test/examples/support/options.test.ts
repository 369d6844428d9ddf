import { describe, expect, it } from "vitest";
import { parseOptions, UsageError } from "../../../examples/support/options.ts";

it("has a default for everything", () => {
  expect(parseOptions([])).toEqual({ options: { answer: "yes", seed: 1, keep: false } });
});

it("reads what is given", () => {
  expect(parseOptions(["--answer", "no", "--seed=7", "--keep"])).toEqual({
    options: { answer: "no", seed: 7, keep: true },
  });
});

it("tells its options", () => {
  expect(parseOptions(["-h"])).toEqual({ help: expect.stringContaining("--answer yes|no") });
});

describe("refuses in one line", () => {
  it.each([
    [["--answer", "perhaps"], '--answer must be yes or no, got "perhaps"'],
    [["--seed", "-1"], "--seed"],
    [["--seed", "4294967296"], '--seed must be a whole number from 0 to 4294967295, got "4294967296"'],
    [["--sed", "1"], "--sed"],
    [["ticket"], "ticket"],
  ])("%j", (args, told) => {
    const parse = () => parseOptions(args);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(told);
    expect(parse).not.toThrow("\n");
  });
});
