/** What a participant decides for a loop, and when it can't. */

import { expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent, defineWorkflow } from "../../../src/index.ts";
import { Join, stepsByName } from "../../../src/workflows/coordination/join.ts";
import type { Relay, RelayedEvent } from "../../../src/workflows/coordination/coordination-protocol.ts";
import { codec } from "../support/example-workflow.ts";

const writer = defineAgent("test:join", {
  name: "writer",
  version: "1.0.0",
  input: v.string(),
  output: v.string(),
  execute: (text) => text,
});
const essay = defineWorkflow("test:join", { name: "essay", version: "1.0.0", input: v.string() })
  .step("draft", writer, ({ input }) => input)
  .loop("improve", writer, { after: ["draft"], max: 3, until: () => true, inbox: v.string() }, ({ draft, told }) =>
    [draft, ...told].join(" "),
  );

const due = (...unread: string[]): RelayedEvent => ({
  type: "round-due",
  step: "improve",
  between: { done: 0, unread, told: unread.length },
  as: ["writer"],
  ends: true,
});
const relay = (...events: RelayedEvent[]): Relay => ({
  ...{ type: "relay", run: "r", epoch: 1, handOver: false, steps: ["improve"], events },
  workflow: { module: "test:join", name: "essay", version: "1.0.0" },
});

it("decides nothing of a loop before it has its sources, as when it succeeds a participant that was lost", () => {
  const join = new Join(stepsByName(essay));
  expect(join.take(relay(due("shorter")), codec)).toEqual([]);
  const handOver = relay(
    { type: "run-started", input: "a" },
    { type: "step-settled", step: "draft", output: "a draft" },
    due("shorter"),
  );
  expect(join.take({ ...handOver, handOver: true }, codec)).toMatchObject([
    { type: "step-started", step: "improve#1", input: "a draft shorter" },
  ]);
});
