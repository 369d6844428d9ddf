/** What an agent's retry and timeout come to is the same for steps of runs and for direct asks. On the simulator. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import type { PolicyOptions } from "../../../src/agents/policies/policies.ts";
import {
  type AgentContext,
  type AgentDefinition,
  defineAgent,
  defineWorkflow,
  TroupeError,
} from "../../../src/index.ts";
import { simulate, type World } from "../../../src/testing/index.ts";

type Oracle = AgentDefinition<string, string>;
type Execute = (attempt: number, context: AgentContext) => Promise<string>;

/** What calls of an agent came to. */
interface Course {
  /** When each attempt began, from when the first did. */
  readonly begins: readonly number[];
  /** What its code was told when it was aborted. */
  readonly told: readonly string[];
  /** The error in the end, and its cause; or the output. */
  readonly end: unknown;
}

const ways = { step: asStep, ask: asAsk };

/** Calls an agent with these policies that way, under a few schedules, in all of which attempts begin at the same times. */
async function course(way: keyof typeof ways, policies: PolicyOptions, execute: Execute): Promise<Course> {
  const courses: Course[] = [];
  await simulate(
    async (world) => {
      const begins: number[] = [];
      const told: string[] = [];
      const agent = defineAgent("test:steps-and-asks", {
        name: "oracle",
        version: "1.0.0",
        input: v.string(),
        output: v.string(),
        policies: { breaker: false, ...policies },
        execute: (_input, context) => {
          begins.push(world.now());
          context.signal.addEventListener("abort", () => told.push((context.signal.reason as Error).message));
          return execute(begins.length, context);
        },
      });
      const end = await ways[way](world, agent).catch((error: unknown) => said(error));
      courses.push({ begins: begins.map((at) => at - (begins[0] ?? 0)), told, end });
    },
    { seed: 11, runs: 5, faults: { delay: 0 } },
  );
  const [first, ...others] = courses;
  for (const other of others) expect(other.begins).toEqual(first?.begins);
  return first as Course;
}

async function asStep({ system }: World, agent: Oracle): Promise<unknown> {
  const workflow = defineWorkflow("test:steps-and-asks", { name: "asking", version: "1", input: v.string() }).step(
    "ask",
    agent,
    ({ input }) => input,
  );
  return system.run(workflow, "well?").result.catch((error: Error) => Promise.reject(error.cause as Error));
}

async function asAsk({ system }: World, agent: Oracle): Promise<unknown> {
  const ref = await system.spawn(agent, { placement: { thread: 1 } });
  return ref.ask("execute", "well?", { timeout: Number.POSITIVE_INFINITY }).catch((error: unknown) => {
    // what the agent threw is the cause of an ask's error, of a step it is the error
    const { code, cause } = error as TroupeError;
    throw code === "handler-failed" ? cause : error;
  });
}

/** An error's code, message and details, without what is of one way alone; and its cause. */
function said(error: unknown): unknown {
  const { code, message, cause, details = {} } = error as Error & Partial<TroupeError>;
  const { run: _run, step: _step, ...facts } = details;
  const text = message.replace(
    /^(a direct call of the agent oracle|the step "ask" of the run \S+) did/,
    "the call did",
  );
  return { code, message: text, facts, cause: cause === undefined ? undefined : said(cause) };
}

const never = (_attempt: number, { signal }: AgentContext): Promise<string> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("told to stop"))));
const broken = (code?: string): Execute => {
  return (attempt) => Promise.reject(Object.assign(new Error(`no ${attempt}`), code === undefined ? {} : { code }));
};

describe.each(["step", "ask"] as const)("an agent that is called by a %s", (way) => {
  it("is tried again after the pauses of its policy, and its last failure stands", async () => {
    const backoff = { first: 100, factor: 3, max: 500, jitter: 0 };
    const { begins, end } = await course(way, { retry: { attempts: 4, backoff } }, broken());
    expect(begins).toEqual([0, 100, 400, 900]);
    expect(end).toMatchObject({ message: "no 4", cause: undefined });
  });

  it("is not tried again for what its policy leaves out", async () => {
    const retry = { attempts: 3, backoff: { first: 10, jitter: 0 }, errors: "ECONNRESET" };
    expect(await course(way, { retry }, broken("EACCES"))).toMatchObject({ begins: [0], end: { message: "no 1" } });
    expect((await course(way, { retry }, broken("ECONNRESET"))).begins).toHaveLength(3);
  });

  it("is tried again no earlier than its error says", async () => {
    const retry = { attempts: 2, backoff: { first: 10, jitter: 0 } };
    const limit = { agent: "a", caller: "", measure: "requests", max: 1, period: 1, per: "agent", queue: 1 } as const;
    const late: Execute = (attempt) =>
      attempt === 2
        ? Promise.resolve("at last")
        : Promise.reject(
            new TroupeError("rate-limited", "too many", {
              details: { ...limit, retryAfter: 7_000 },
            }),
          );
    expect(await course(way, { retry }, late)).toMatchObject({ begins: [0, 7_000], end: "at last" });
  });

  it("fails with what a function of its policy threw, and the failure that this was given as the cause", async () => {
    const errors = (): boolean => {
      throw new Error("what is this?");
    };
    const { begins, end } = await course(way, { retry: { attempts: 3, errors } }, broken());
    expect(begins).toEqual([0]);
    expect(end).toEqual({
      code: "invalid-options",
      message:
        "a function that says which errors an agent's policies are for threw when it was given Error: no 1: Error: what is this?",
      facts: {},
      cause: { code: undefined, message: "no 1", facts: {}, cause: undefined },
    });
  });

  it("is told when its time is up, and so is its caller, in the same words", async () => {
    const { begins, told, end } = await course(way, { timeout: 250 }, never);
    expect(begins).toEqual([0]);
    const message = "the call did not end within 250 ms; it may have had effects, or may still";
    expect(end).toEqual({ code: "timed-out", message, facts: { agent: "oracle", timeout: 250 }, cause: undefined });
    expect(told.map((text) => text.replace(/^.* did/, "the call did"))).toEqual([message]);
  });

  it("has no more time left than its timeout", async () => {
    const left: number[] = [];
    await course(way, { timeout: 250 }, (_attempt, context) => Promise.resolve(String(left.push(context.timeLeft()))));
    expect(left).toEqual(left.map(() => 250));
    expect(left.length).toBeGreaterThan(0);
  });

  it("is tried again when its time was up, where its policy says so", async () => {
    const policies = { timeout: 250, retry: { attempts: 2, backoff: { first: 50, jitter: 0 }, errors: "timed-out" } };
    const { begins, end } = await course(way, policies, (attempt, context) =>
      attempt === 1 ? never(attempt, context) : Promise.resolve("at last"),
    );
    expect([begins, end]).toEqual([[0, 300], "at last"]);
  });
});
