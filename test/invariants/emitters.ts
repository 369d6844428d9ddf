/** Agents that emit, in steps that fail on the way; and how they went about it. */

import * as v from "valibot";
import { defineAgent, defineWorkflow, type RunRecord, type StreamItem } from "../../src/index.ts";
import { outside } from "./outside.ts";

export const Story = v.object({
  id: v.string(),
  /** How many parts are emitted. */
  parts: v.number(),
  /** How many of them before its caller waits: those that make a burst aren't awaited. */
  burst: v.number(),
  /** After how many parts it sleeps. */
  pace: v.number(),
  /** How often it fails at the end. */
  failures: v.number(),
});
export type Story = v.InferOutput<typeof Story>;

const retry = { attempts: 12, backoff: { first: 1 } };
const policies = { breaker: false, retry, compensationRetry: retry } as const;

/** Emits its parts; the output says by which of its executions, and how many. */
export const teller = defineAgent(import.meta.url, {
  name: "teller",
  version: "1.0.0",
  input: Story,
  output: v.object({ execution: v.string(), parts: v.number() }),
  emits: v.object({ execution: v.string(), index: v.number() }),
  concurrency: 2,
  policies,
  async execute({ parts, burst, pace, failures }, context) {
    const execution = String(context.random());
    for (let index = 0; index < parts; index++) {
      const emitted = context.emit({ execution, index });
      if (index % burst === burst - 1) await emitted;
      if (index % pace === pace - 1) await context.sleep(1);
    }
    outside.refuse(context.idempotencyKey, failures);
    return { execution, parts };
  },
  compensate: () => undefined,
});

const critic = defineAgent(import.meta.url, {
  name: "critic",
  version: "1.0.0",
  input: v.boolean(),
  output: v.null(),
  policies: { breaker: false },
  execute(isBad) {
    if (isBad) throw new Error("told badly");
    return null;
  },
});

export const telling = defineWorkflow(import.meta.url, {
  name: "telling",
  version: "1.0.0",
  input: v.object({ story: Story, isBad: v.boolean() }),
})
  .step("one", teller, ({ input }) => input.story)
  .step("other", teller, ({ input }) => input.story)
  .step("more", teller, { after: ["one"] }, ({ input }) => input.story)
  .step("critic", critic, { after: ["other", "more"] }, ({ input }) => input.isBad);

export { critic };

/** What a stream says of the attempt in flight at a step. */
interface Attempt {
  readonly number: number;
  next: number;
  execution: string | undefined;
  lost: number;
}

/** Checks a stream as it comes: what must not be in it goes to `wrongs`. */
export class Audience {
  readonly wrongs: string[] = [];
  readonly records: RunRecord[] = [];
  parts = 0;
  /** Set once it has got the events so far: from then on, it is told of all that an attempt has emitted. */
  isLive = false;
  readonly #attempts = new Map<string, Attempt>();
  /** Whether it has listened from the run's start on. */
  readonly #isEarly: boolean;
  /** Whether the agent waits for room, so that no part is left out. */
  readonly #isPolite: boolean;

  constructor({ isEarly, isPolite }: { readonly isEarly: boolean; readonly isPolite: boolean }) {
    this.#isEarly = isEarly;
    this.#isPolite = isPolite;
  }

  take(item: StreamItem): void {
    if (item.kind === "event") this.#record(item.record);
    else this.#emitted(item);
  }

  #record(record: RunRecord): void {
    this.records.push(record);
    const { event } = record;
    if (event.type === "run-recovered") this.#attempts.clear(); // they were another process's, and are begun again
    else if (event.type === "step-started") {
      if (this.#attempts.has(event.step)) this.wrongs.push(`${event.step} starts again before its end`);
      this.#attempts.set(event.step, { number: event.attempt ?? 1, next: 0, execution: undefined, lost: 0 });
    } else if (event.type === "step-failed") {
      this.#attempts.delete(event.step);
    } else if (event.type === "step-finished") {
      const attempt = this.#attempts.get(event.step);
      this.#attempts.delete(event.step);
      const output = event.output as { execution: string; parts: number } | null;
      if (output === null || attempt === undefined) return;
      if (!this.isLive) return; // it came when the attempt was over
      if (attempt.next !== output.parts)
        this.wrongs.push(`${event.step} emitted ${output.parts} parts, and ${attempt.next} were told of`);
      if (this.#isEarly && this.#isPolite && attempt.lost > 0)
        this.wrongs.push(`${event.step} lost ${attempt.lost} parts, although it waited for room`);
      if (attempt.execution !== undefined && attempt.execution !== output.execution)
        this.wrongs.push(`${event.step} told parts of another attempt than the one that finished`);
    }
  }

  #emitted(item: Exclude<StreamItem, { readonly kind: "event" }>): void {
    const { step } = item;
    const attempt = this.#attempts.get(step);
    if (attempt === undefined || attempt.number !== item.attempt) {
      this.wrongs.push(`${step} emitted in attempt ${item.attempt}, which is not in flight`);
      return;
    }
    if (item.kind === "gap") {
      attempt.next += item.lost;
      attempt.lost += item.lost;
      return;
    }
    this.parts++;
    const { execution, index } = item.value as { execution: string; index: number };
    attempt.execution ??= execution;
    if (item.index !== attempt.next || index !== item.index)
      this.wrongs.push(`${step} has part ${item.index} (${index}) where part ${attempt.next} is due`);
    if (attempt.execution !== execution) this.wrongs.push(`${step} has parts of two executions in one attempt`);
    attempt.next = item.index + 1;
  }
}
