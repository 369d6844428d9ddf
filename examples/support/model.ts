/** The agent in front of the language model, which is a server that streams its answer. */

import { defineAgent, Refusal } from "troupe";
import * as v from "valibot";

export const model = defineAgent(import.meta.url, {
  name: "model",
  version: "1.0.0",
  input: v.string(),
  output: v.string(),
  emits: v.string(),
  concurrency: 8,
  policies: {
    retry: { attempts: 6 },
    rateLimits: [{ tokens: 1_000, period: 86_400_000, per: "tenant", onExceeded: "reject" }], // a shop's budget for a day
    idleTimeout: 10_000,
  },
  async execute(prompt, context) {
    const url = process.env["MODEL_URL"] ?? "http://127.0.0.1/";
    const response = await fetch(url, { method: "POST", body: prompt, signal: context.signal });
    if (response.status === 422) throw new Refusal("model-declined", `the model declined: ${await response.text()}`);
    if (!response.ok || response.body === null)
      throw new Error(`the model answered ${response.status}`, { cause: response }); // which may say when to try again
    let text = "";
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      await context.emit(part);
    }
    context.useTokens(Math.ceil((prompt.length + text.length) / 4));
    return text;
  },
});
