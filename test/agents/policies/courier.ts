/** An agent whose breaker opens with its first failure, and stays open. */

import * as v from "valibot";
import { defineAgent } from "../../../src/index.ts";

export const courier = defineAgent(import.meta.url, {
  name: "courier",
  version: "1.0.0",
  input: v.object({}),
  output: v.object({}),
  policies: {
    retry: { attempts: 1 },
    breaker: { consecutiveFailures: 1, openFor: { first: 3_600_000 }, counts: () => true },
  },
  execute() {
    throw new Error("the courier is ill");
  },
});
