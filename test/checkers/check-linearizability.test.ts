import { describe, expect, it } from "vitest";
import { checkLinearizability } from "../../src/checkers/check-linearizability.ts";
import { byKey } from "../../src/checkers/models/by-key.ts";
import { counter } from "../../src/checkers/models/counter.ts";
import { keyValue, type KeyValueInput } from "../../src/checkers/models/key-value.ts";
import { register, type RegisterInput } from "../../src/checkers/models/register.ts";
import type { Operation } from "../../src/checkers/operation.ts";

type Call = Operation<RegisterInput<number>, number | boolean>;

const write = (process: number, value: number, called: number, returned?: number): Call => ({
  process,
  input: { f: "write", value },
  called,
  returned,
});
const read = (process: number, output: number, called: number, returned: number): Call => ({
  process,
  input: { f: "read" },
  output,
  called,
  returned,
});

describe("checkLinearizability", () => {
  it("draws what can't be, and says which answer it is", () => {
    const history = [
      write(1, 4, 0, 1),
      write(2, 5, 2, 6),
      read(1, 5, 3, 4),
      read(3, 4, 5, 7),
      ...[8, 10, 12].map((at) => read(4, 5, at, at + 1)),
    ];
    const { linearizable, operations, violation } = checkLinearizability(register(0), history);
    expect({ linearizable, operations }).toEqual({ linearizable: false, operations: 7 });
    expect(violation?.last).toBe(history[3]);
    expect(violation?.text.split("\n")).toEqual([
      "1 ├ write 4 ┤ ├ read → 5 ┤",
      "3                          ├ read → 4 ┤ ✗",
      "",
      "No order of these operations explains the last answer of 3: read → 4.",
      "Whether and when write 5 of 2 took effect doesn't matter.",
    ]);
  });

  it("lets an operation whose outcome is unknown take effect at any time after its call, or never", () => {
    const open = write(1, 4, 2);
    expect(checkLinearizability(register(0), [open, read(2, 0, 3, 4), read(2, 4, 9, 10)]).linearizable).toBe(true);
    expect(checkLinearizability(register(0), [open, read(2, 0, 3, 4), read(2, 0, 9, 10)]).linearizable).toBe(true);
    expect(checkLinearizability(register(0), [open, read(2, 4, 0, 1)]).linearizable).toBe(false);
    expect(checkLinearizability(register(0), [open, read(2, 4, 3, 4), read(2, 0, 5, 6)]).linearizable).toBe(false);
  });

  it("counts operations as concurrent whose times are the same", () => {
    expect(checkLinearizability(register(0), [write(1, 4, 0, 5), read(2, 0, 5, 6)]).linearizable).toBe(true);
    expect(checkLinearizability(register(0), [write(1, 4, 0, 5), read(2, 0, 5.5, 6)]).linearizable).toBe(false);
  });

  it("says that it doesn't know when the budget ends", () => {
    const writes = Array.from({ length: 12 }, (_, n) => write(n, n, 0, 10));
    const hard = [...writes, read(20, 99, 11, 12)];
    const report = checkLinearizability(register(0), hard, { budget: 500 });
    expect(report).toMatchObject({ linearizable: "unknown", explored: 500 });
    expect(report).not.toHaveProperty("violation");
  });

  it("finds the key that is wrong, though another one takes long", () => {
    const hard = Array.from({ length: 40 }, (_, n) => ({
      process: n,
      input: { f: "append", key: "busy", value: String.fromCharCode(97 + n) } as KeyValueInput,
      output: "",
      called: 0,
      returned: 100,
    }));
    const history = [
      ...hard,
      {
        process: 50,
        input: { f: "get", key: "busy" } as KeyValueInput,
        output: "none of these",
        called: 101,
        returned: 102,
      },
      {
        process: 51,
        input: { f: "put", key: "small", value: "x" } as KeyValueInput,
        output: "",
        called: 0,
        returned: 1,
      },
      { process: 51, input: { f: "get", key: "small" } as KeyValueInput, output: "y", called: 2, returned: 3 },
    ];
    const { violation, explored } = checkLinearizability(keyValue, history);
    expect(violation).toMatchObject({ part: "small", last: { output: "y" } });
    expect(explored).toBeLessThan(10_000);
  });

  it("judges each key apart", () => {
    const counters = byKey(counter);
    const add = { key: "a", f: "add", value: 1 } as const;
    const readB = { key: "b", f: "read" } as const;
    const history = [
      { process: 1, input: add, called: 0, returned: 1 },
      { process: 1, input: readB, output: 0, called: 2, returned: 3 },
    ];
    expect(checkLinearizability(counters, history).linearizable).toBe(true);
    const wrong = [...history, { process: 1, input: readB, output: 1, called: 4, returned: 5 }];
    expect(checkLinearizability(counters, wrong)).toMatchObject({ linearizable: false, violation: { part: '"b"' } });
  });

  it("judges 100,000 operations of ten processes, a thousand at a time concurrent with a long one", () => {
    const history: Call[] = [];
    for (let n = 0; n < 100_000; n++) {
      const at = n * 10;
      history.push(n % 2 === 0 ? write(n % 10, n, at, at + 15) : read(n % 10, n - 1, at + 8, at + 9));
      if (n % 1000 === 0) history.push(read(100 + n, n - 1 < 0 ? 0 : n - 2, at - 5, at + 10_000));
    }
    expect(checkLinearizability(register(0), history).linearizable).toBe(true);
  });

  it.each([
    [{ called: 5, returned: 4 }, "operation 0 returned at 4, before it was called at 5"],
    [{ called: Number.NaN }, "operation 0: called and returned are numbers, not NaN and NaN"],
    [{ called: 1, returned: "2s" }, 'operation 0: called and returned are numbers, not 1 and "2s"'],
  ])("refuses %j", (times, problem) => {
    const operation = { process: 1, input: { f: "read" }, output: 0, ...times } as Call;
    expect(() => checkLinearizability(register(0), [operation])).toThrow(
      expect.objectContaining({ code: "invalid-options", message: `checkLinearizability: ${problem}` }),
    );
  });

  it.each([0, 1.5, Number.NaN, "many"])("refuses the budget %j", (budget) => {
    expect(() => checkLinearizability(register(0), [], { budget: budget as number })).toThrow(
      expect.objectContaining({ code: "invalid-options" }),
    );
  });
});
