/** Agents that call one that emits, and read its parts; and what they found wrong with them. */

import * as v from "valibot";
import {
  type AgentContext,
  type CallItem,
  type CallStream,
  defineAgent,
  defineWorkflow,
  isAskError,
} from "../../src/index.ts";
import { Story, teller } from "./emitters.ts";

export const Reading = v.object({
  story: Story,
  /** After how many parts the loop is left; `null` for never. */
  leave: v.nullable(v.number()),
  /** After how many items the reader sleeps. */
  pace: v.number(),
  /** How often the reader fails after it has read. */
  setbacks: v.number(),
});
export type Reading = v.InferOutput<typeof Reading>;

interface Told {
  readonly execution: string;
  readonly parts: number;
}

/** Checks what one loop gets, as it comes. */
class Reader {
  readonly wrongs: string[] = [];
  parts = 0;
  #attempt = 0;
  #next = 0;
  #lost = 0;
  #execution: string | undefined;

  take(item: CallItem<{ execution: string; index: number }>): void {
    if (item.kind === "attempt") {
      if (item.attempt <= this.#attempt) this.wrongs.push(`attempt ${item.attempt} comes after ${this.#attempt}`);
      this.#attempt = item.attempt;
      this.#next = this.#lost = 0;
      this.#execution = undefined;
      return;
    }
    if (item.attempt !== this.#attempt)
      this.wrongs.push(`attempt ${item.attempt} has parts while ${this.#attempt} is in flight`);
    if (item.kind === "gap") {
      this.#next += item.lost;
      this.#lost += item.lost;
      return;
    }
    this.parts++;
    const { execution, index } = item.value;
    if (item.index !== this.#next || index !== item.index)
      this.wrongs.push(`there is part ${item.index} (${index}) where part ${this.#next} is due`);
    this.#execution ??= execution;
    if (this.#execution !== execution) this.wrongs.push("parts of two executions are in one attempt");
    this.#next = item.index + 1;
  }

  /** The agent has given its output. */
  end({ execution, parts }: Told, { isPolite }: { readonly isPolite: boolean }): void {
    if (this.#attempt === 0) return; // it was recorded by an attempt at the step before
    if (this.#next !== parts) this.wrongs.push(`${parts} parts were emitted, and ${this.#next} were told of`);
    if (isPolite && this.#lost > 0)
      this.wrongs.push(`${this.#lost} parts are lost, although the agent waited for room`);
    if (this.#execution !== undefined && this.#execution !== execution)
      this.wrongs.push("the parts are of another attempt than the one that gave the output");
  }
}

/** Reads a stream as the plan says; returns what was wrong, and the output, if the loop was not left. */
export async function read(
  stream: CallStream<{ execution: string; index: number }, Told>,
  { story, leave, pace }: Omit<Reading, "setbacks">,
  sleep: (ms: number) => Promise<void>,
): Promise<{ readonly wrongs: readonly string[]; readonly output: Told | undefined }> {
  const reader = new Reader();
  let items = 0;
  let isLeft = false;
  for await (const item of stream) {
    reader.take(item);
    if (++items % pace === 0) await sleep(1);
    if (reader.parts === leave) {
      isLeft = true;
      break;
    }
  }
  try {
    const output = await stream.result;
    if (!isLeft) reader.end(output, { isPolite: story.burst < 10 });
    return { wrongs: reader.wrongs, output };
  } catch (error) {
    if (isLeft && isAskError(error) && error.outcome === "cancelled")
      return { wrongs: reader.wrongs, output: undefined };
    throw error;
  }
}

/** Executions of the teller whose output a step was given, by the step's key; on the simulator's one thread. */
class Given {
  readonly wrongs: string[] = [];
  readonly #executions = new Map<string, string>();

  reset(): void {
    this.wrongs.length = 0;
    this.#executions.clear();
  }

  /** Each attempt at a step is given the same output. */
  take(key: string, { execution }: Told): void {
    const before = this.#executions.get(key) ?? execution;
    this.#executions.set(key, before);
    if (before !== execution) this.wrongs.push(`${key} was given the outputs of two executions`);
  }
}

export const given = new Given();
const setbacks = new Map<string, number>();

const retry = { attempts: 12, backoff: { first: 1 } };

const readingAgent = defineAgent(import.meta.url, {
  name: "reading-agent",
  version: "1.0.0",
  input: Reading,
  output: v.array(v.string()),
  concurrency: 4,
  policies: { breaker: false, retry },
  async execute(reading, context: AgentContext) {
    const stream = context.stream(teller, reading.story);
    const { wrongs, output } = await read(stream, reading, (ms) => context.sleep(ms));
    const { idempotencyKey: key } = context;
    if (output !== undefined) given.take(key, output);
    const before = setbacks.get(key) ?? 0;
    setbacks.set(key, before + 1);
    if (before < reading.setbacks) throw new Error("the reader is set back");
    return [...wrongs];
  },
});

export const readings = defineWorkflow(import.meta.url, {
  name: "readings",
  version: "1.0.0",
  input: Reading,
})
  .step("one", readingAgent, ({ input }) => input)
  .step("other", readingAgent, ({ input }) => input);

export { readingAgent };
