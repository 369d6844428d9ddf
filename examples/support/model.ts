/** The agent in front of the language model, which is a server that streams its answer. */

import { type AgentDefinition, defineAgent, Refusal } from "troupe";
import * as v from "valibot";
import { Completion, Prompt } from "./contracts.ts";
import { patient } from "./patience.ts";

/** What stands in for the model in a test has this type, too. */
export type Model = AgentDefinition<v.InferInput<typeof Prompt>, v.InferOutput<typeof Completion>>;

/** The environment variable with the server's URL. */
export const modelVariable = "SUPPORT_MODEL_URL";

export const model = defineAgent(import.meta.url, {
  name: "model",
  version: "1.0.0",
  input: Prompt,
  output: Completion,
  emits: v.string(),
  concurrency: 4,
  policies: {
    ...patient,
    rateLimits: [{ requests: 600 }], // with a limit, all calls heed the Retry-After of one
    idleTimeout: 5_000,
  },
  async execute({ prompt }, context) {
    const response = await fetch(process.env[modelVariable] ?? "", {
      method: "POST",
      body: prompt,
      signal: context.signal,
    });
    if (response.status === 422) throw new Refusal("model-declined", `the model declined: ${await response.text()}`);
    if (!response.ok) throw new ModelError(response);
    let text = "";
    for await (const part of partsOf(response)) {
      text += part;
      await context.emit(part);
    }
    context.useTokens(Math.ceil((prompt.length + text.length) / 4));
    return { text };
  },
});

/** Retry finds the `Retry-After` of the response here, and the breaker its status. */
class ModelError extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super(`the model answered ${response.status}`);
    this.response = response;
  }
}

/** The answer, part by part as it comes. */
async function* partsOf({ body }: Response): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  for await (const bytes of body ?? []) yield decoder.decode(bytes, { stream: true });
  return undefined;
}
