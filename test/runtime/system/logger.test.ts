/** What a system says of failures that no code waits for, and the option that says where. On the simulator, for its time. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  createSystem,
  defineAgent,
  defineWorkflow,
  type LogFields,
  type Logger,
  type LogLevel,
} from "../../../src/index.ts";
import { logTargetOf } from "../../../src/runtime/system/log-options.ts";
import { simulate } from "../../../src/testing/index.ts";
import { counter } from "../../fixtures/actors.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const strict = defineAgent("test:logger", {
  name: "strict",
  version: "1.0.0",
  input: v.object({ fails: v.boolean() }),
  output: v.string(),
  execute({ fails }) {
    if (fails) throw new Error("the shelf\nis empty");
    return "done";
  },
});

const errand = defineWorkflow("test:logger", {
  name: "errand",
  version: "1.0.0",
  input: v.object({ fails: v.boolean() }),
}).step("fetch", strict, ({ input }) => input);

interface Line {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

function notebook(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const at = (level: LogLevel) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  return { lines, logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}

describe("a system", () => {
  it("says that a run failed which no code awaits, and is quieter about one that is awaited", async () => {
    const { lines, logger } = notebook();
    await simulate(
      async ({ system }) => {
        lines.length = 0;
        system.run(errand, { fails: false }, { id: "fine" });
        system.run(errand, { fails: true }, { id: "lost" });
        const { result } = system.run(errand, { fails: true }, { id: "held" });
        expect(await rejectionOf(result)).toMatchObject({ code: "step-failed" });
        await system.drain();
      },
      { runs: 1, seed: 1, system: { logger } },
    );
    const told = lines.filter(({ fields }) => fields.event === "run-failed");
    expect(told.map(({ level, fields }) => `${level} ${String(fields["run"])}`).toSorted()).toEqual([
      "error lost",
      "info held",
    ]);
    expect(told.find(({ level }) => level === "error")).toMatchObject({
      fields: { workflow: "errand@1.0.0", err: { code: "step-failed", cause: { message: "the shelf\nis empty" } } },
      message: expect.stringContaining('run lost of errand@1.0.0: the step "fetch" failed') as string,
    });
  });

  it("says that a run could not be started, where its caller had gone on", async () => {
    const { lines, logger } = notebook();
    await simulate(
      async ({ system }) => {
        await system.run(errand, { fails: false }, { id: "one" }).result;
        system.run(errand, { fails: false }, { id: "two" });
        system.run(errand, { fails: false }, { id: "one" }); // waits for its turn
        await system.drain();
      },
      { runs: 1, seed: 1, system: { maxRuns: 1, logger: { to: logger } } },
    );
    expect(lines).toMatchObject([{ level: "error", fields: { run: "one", err: { code: "run-exists" } } }]);
  });

  it("says what became of its threads and of messages", async () => {
    const { lines, logger } = notebook();
    await simulate(
      async ({ system, killThread, sleep }) => {
        lines.length = 0;
        const ref = await system.spawn(counter, { placement: { thread: 1 } });
        await system.stop(ref);
        await ref.tell("add", { by: 1 });
        await expect(ref.ask("add", { by: 1 })).rejects.toMatchObject({ code: "no-such-actor" }); // its asker is told
        await sleep(1_000);
        killThread(2);
        await sleep(1_000);
      },
      { runs: 1, seed: 1, system: { logger: { to: logger } } },
    );
    expect(lines.map(({ level, fields: { event } }) => `${level} ${event}`)).toEqual([
      "warn dead-letter",
      "error thread-died",
    ]);
    expect(lines[0]).toMatchObject({ fields: { reason: "no-such-actor", type: "add" } });
    expect(lines[1]).toMatchObject({ fields: { thread: 2, err: { code: "thread-died" } } });
  });
});

describe("the option logger", () => {
  const clock = { now: () => 0, jumped: () => 0 };

  it.each([
    [undefined, undefined, "warn"],
    [undefined, "", "warn"],
    [undefined, "debug", "debug"],
    [undefined, "off", undefined],
    ["error", "off", "error"],
    [false, "debug", undefined],
    [{ format: "json" }, "off", "warn"],
    [{ level: "info" }, undefined, "info"],
    [notebook().logger, "off", "info"],
    [{ to: notebook().logger, level: "debug" }, undefined, "debug"],
    [{ to: console }, undefined, "warn"],
  ] as const)("%j, where TROUPE_LOG is %j, logs from %j on", (option, environment, level) => {
    expect(logTargetOf(option, environment, clock)?.level).toBe(level);
  });

  it("takes a logger as it is", () => {
    const { lines, logger } = notebook();
    logTargetOf(logger, undefined, clock)?.to.warn({ event: "dead-letter" }, "it is lost");
    expect(lines).toEqual([{ level: "warn", fields: { event: "dead-letter" }, message: "it is lost" }]);
  });

  it.each([
    true,
    "loud",
    "off",
    7,
    null,
    { level: "loud" },
    { fromat: "json" },
    { to: { warn: () => 0 } },
    { to: console, format: "json" },
  ])("is refused as %j", async (logger) => {
    expect(await rejectionOf(createSystem({ logger: logger as never }))).toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining("createSystem: logger") as string,
    });
  });

  it("is refused for a level in the environment that there is not", () => {
    expect(() => logTargetOf(undefined, "loud", clock)).toThrow(expect.objectContaining({ code: "invalid-options" }));
  });
});
