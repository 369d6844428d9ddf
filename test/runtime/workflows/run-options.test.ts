import { describe, expect, it } from "vitest";
import { checkRunOptions, type RunOptions } from "../../../src/runtime/workflows/run-options.ts";

describe("the options of a run", () => {
  it.each<RunOptions>([
    {},
    { id: "order-7", coordination: "relay", timeout: 0.5, onOverload: "reject" },
    { session: "s".repeat(250), traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` },
    // as plain JavaScript may have them
    { id: undefined, timeout: undefined } as unknown as RunOptions,
  ])("may be %j", (options) => {
    expect(() => checkRunOptions(options)).not.toThrow();
  });

  it.each([
    ["id", { id: "" }, "run: id: Invalid length: Expected !0 but received 0"],
    ["id", { id: 7 }, "run: id: Invalid type: Expected string but received 7"],
    [
      "coordination",
      { coordination: "chaos" },
      'run: coordination: Invalid type: Expected ("orchestrator" | "relay") but received "chaos"',
    ],
    ["timeout", { timeout: 0 }, "run: timeout: expected a number of milliseconds above 0, received 0"],
    ["timeout", { timeout: "5" }, 'run: timeout: expected a number of milliseconds above 0, received "5"'],
    ["timeout", { timeout: Infinity }, "run: timeout: expected a number of milliseconds above 0, received Infinity"],
    ["session", { session: "" }, 'run: session: expected a text of 1 to 250 characters, received ""'],
    [
      "traceparent",
      { traceparent: "00-1-2-01" },
      'run: traceparent: expected a W3C traceparent, such as 00-<32 digits>-<16 digits>-01, received "00-1-2-01"',
    ],
    [
      "onOverload",
      { onOverload: "drop" },
      'run: onOverload: Invalid type: Expected ("wait" | "reject") but received "drop"',
    ],
    [
      "timeOut",
      { timeOut: 5 },
      "run: timeOut: there is no such option; there are id, coordination, startIn, startAt, queue, timeout, tenant, session, traceparent, onOverload",
    ],
    [
      "queue.priority",
      { queue: { name: "q", priority: 1_001 } },
      "run: queue.priority: Invalid value: Expected <=1000 but received 1001",
    ],
    ["options", null, "run: options: Invalid type: Expected Object but received null"],
  ])("are refused where %s isn't right: %j", (path, options, message) => {
    const thrown = ((): unknown => {
      try {
        return checkRunOptions(options as never);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toMatchObject({ code: "invalid-options", message, details: { path } });
  });
});
