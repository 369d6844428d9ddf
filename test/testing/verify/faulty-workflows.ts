/** Workflows with one fault each. */

import * as v from "valibot";
import { defineWorkflow, type WorkflowDefinition } from "../../../src/index.ts";
import { assess, book, claim, inspect, pay, reserve, split } from "./claims.ts";

let calls = 0;

export interface Fault {
  readonly what: string;
  readonly workflow: WorkflowDefinition;
  /** What the error says. */
  readonly says: RegExp;
  /** Its compensations are the fault. */
  readonly own?: true;
}

export const faults: readonly Fault[] = [
  {
    what: "a mapping that reads the clock",
    workflow: claim("clock").step("assess", assess, ({ input }) => ({ ...input, id: `${input.id}-${Date.now()}` })),
    says: /the mapping of the step "assess" is not pure/,
  },
  {
    what: "a mapping that comes by chance",
    workflow: claim("chance").step("assess", assess, ({ input }) => ({ ...input, id: crypto.randomUUID() })),
    says: /the mapping of the step "assess" is not pure/,
  },
  {
    what: "a mapping that counts its calls",
    workflow: claim("counter").step("assess", assess, ({ input }) => ({ ...input, id: `${input.id}${calls++}` })),
    says: /the mapping of the step "assess" is not pure/,
  },
  {
    what: "a mapping that changes its sources",
    workflow: claim("writes").step("assess", assess, ({ input }) => {
      (input as { cents: number }).cents = 1;
      return input;
    }),
    says: /the mapping of the step "assess" threw: Cannot assign to read only property 'cents'/,
  },
  {
    what: "a mapping that reads what may be null",
    workflow: claim("null")
      .step("assess", assess, ({ input }) => input)
      .step("pay", pay, { after: ["assess"] }, ({ input, assess: { note } }) => ({
        id: input.id,
        share: (note as string).length,
      })),
    says: /the mapping of the step "pay" threw: Cannot read properties of null/,
  },
  {
    what: "a condition that throws on one value of its contract",
    workflow: claim("condition")
      .step("assess", assess, ({ input }) => input)
      .step(
        "pay",
        pay,
        { after: ["assess"], when: ({ input }) => ({ car: [1], house: [2] })[input.kind as "car"].length > 0 },
        ({ input }) => ({
          id: input.id,
          share: 1,
        }),
      ),
    says: /the when of the step "pay" threw/,
  },
  {
    what: "an input that the agent's contract refuses",
    workflow: claim("refused").step("reserve", reserve, ({ input: { cents } }) => ({ cents })),
    says: /the step "reserve" failed: .*cents/,
  },
  {
    what: "a join that forgets a skipped branch",
    workflow: claim("join")
      .step("assess", assess, { when: ({ input }) => input.kind === "car" }, ({ input }) => input)
      .step("pay", pay, { after: ["assess"] }, ({ input, ...found }) => ({
        id: input.id,
        share: (found.assess as { risk: number }).risk,
      })),
    says: /the mapping of the step "pay" threw: Cannot read properties of undefined \(reading 'risk'\)/,
  },
  {
    what: "an otherwise that throws",
    workflow: claim("otherwise").step(
      "assess",
      assess,
      {
        when: ({ input }) => input.cents > 100,
        otherwise: ({ input }) => ({ risk: 0, note: input.id.length < 2 ? JSON.parse("") : null }),
      },
      ({ input }) => input,
    ),
    says: /the otherwise of the step "assess" threw/,
  },
  {
    what: "a fallback that assumes what kind of error it gets",
    workflow: claim("fallback").step(
      "assess",
      assess,
      { fallback: (_given, error) => ({ risk: 1, note: (error as { details: { why: string } }).details.why.trim() }) },
      ({ input }) => input,
    ),
    says: /the fallback of the step "assess" threw/,
  },
  {
    what: "a step that is never reached",
    workflow: claim("unreached")
      .step("assess", assess, ({ input }) => input)
      .step("pay", pay, { after: ["assess"], when: ({ assess: { risk } }) => risk > 1 }, ({ input }) => ({
        id: input.id,
        share: 1,
      })),
    says: /"pay" was always skipped/,
  },
  {
    what: "a question that throws",
    workflow: claim("question")
      .step("assess", assess, ({ input }) => input)
      .waitFor("ok", { after: ["assess"], answer: v.boolean() }, ({ assess: { note } }) => (note as string).length),
    says: /the question of the step "ok" threw/,
  },
  {
    what: "a pause until what is no time",
    workflow: claim("pause")
      .step("assess", assess, ({ input }) => input)
      .pause("later", { after: ["assess"], until: ({ assess: { note } }) => new Date(note ?? "") }),
    says: /the step "later" failed/,
  },
  {
    what: "a list that may be longer than it may be",
    workflow: claim("list")
      .step("split", split, ({ input }) => input)
      .each("inspect", inspect, { after: ["split"], over: ({ split: { parts } }) => parts, max: 2 }, ({ item }) => ({
        part: item,
      })),
    says: /the step "inspect" failed: .*3 items/,
  },
  {
    what: "an item's mapping that throws",
    workflow: claim("item")
      .step("split", split, ({ input }) => input)
      .each("inspect", inspect, { after: ["split"], over: ({ split: { parts } }) => parts }, ({ item }) => ({
        part: decodeURIComponent(`${item}${item === "" ? "%" : ""}`),
      })),
    says: /the mapping of the step "inspect" threw: URI malformed/,
  },
  {
    what: "a mapping in the workflow of an item that throws",
    workflow: claim("items")
      .step("split", split, ({ input }) => input)
      .each(
        "inspect",
        defineWorkflow("test:verify", { name: "one", version: "1.0.0", input: v.object({ part: v.string() }) }).step(
          "look",
          inspect,
          ({ input: { part } }) => ({ part: decodeURIComponent(`${part}${part === "" ? "%" : ""}`) }),
        ),
        { after: ["split"], over: ({ split: { parts } }) => parts },
        ({ item }) => ({ part: item }),
      ),
    says: /the mapping of the step "inspect\[\]\/look" threw: URI malformed/,
  },
  {
    what: "an end of a loop that throws",
    workflow: claim("loop").loop(
      "assess",
      assess,
      { max: 3, until: ({ last: { note } }) => (note as string).length > 0, onMax: "accept" },
      ({ input }) => input,
    ),
    says: /the until of the step "assess" threw: Cannot read properties of null/,
  },
  {
    what: "a hand-off to an agent that there is not",
    workflow: claim("hand-off").loop(
      "desk",
      { assess, split },
      {
        max: 3,
        until: ({ round }) => round > 1,
        who: ({ input, by }) => (by === "assess" && input.kind === "travel" ? ("nobody" as "split") : "assess"),
      },
      { assess: ({ input }) => input, split: ({ input }) => input },
    ),
    says: /the step "desk" failed: .*nobody/,
  },
  {
    what: "a round's mapping that forgets that there is no last one",
    workflow: claim("first").loop("assess", assess, { max: 3, until: () => true }, ({ input, last }) => ({
      ...input,
      id: `${input.id}${(last as { risk: number }).risk}`,
    })),
    says: /the mapping for assess of the step "assess" threw: Cannot read properties of undefined/,
  },
  {
    what: "a mapping of a sub-workflow that throws",
    workflow: claim("outer").step(
      "inner",
      claim("inner").step("assess", assess, ({ input }) => ({
        ...input,
        id: (input.cents === 0 ? undefined : "x")?.trim() as string,
      })),
      ({ input }) => input,
    ),
    says: /the step "inner\/assess" failed: .*id/,
  },
  {
    what: "a compensation that assumes an output",
    workflow: claim("undo")
      .step("reserve", reserve, ({ input: { cents } }) => ({ cents: cents + 1 }))
      .step("assess", assess, { after: ["reserve"] }, ({ input }) => input),
    says: /undoing the step "reserve" failed: Cannot read properties of null/,
    own: true,
  },
  {
    what: "a condition that comes by chance",
    workflow: claim("tossed").step("assess", assess, { when: () => Math.random() < 0.5 }, ({ input }) => input),
    says: /the when of the step "assess" is not pure/,
  },
  {
    what: "a pause for a while from now, which has another end each time",
    workflow: claim("from-now").pause("later", { until: () => Date.now() + 1_000 }),
    says: /the until of the step "later" is not pure/,
  },
  {
    what: "a list in an order that comes by chance",
    workflow: claim("shuffled")
      .step("split", split, ({ input }) => input)
      .each(
        "inspect",
        inspect,
        { after: ["split"], over: ({ split: { parts } }) => parts.toSorted(() => Math.random() - 0.5) },
        ({ item }) => ({ part: item }),
      ),
    says: /the over of the step "inspect" is not pure/,
  },
  {
    what: "a mapping that forgets that items may have failed",
    workflow: claim("tolerant")
      .step("split", split, ({ input }) => input)
      .each(
        "inspect",
        inspect,
        { after: ["split"], over: ({ split: { parts } }) => parts, tolerate: "all" },
        ({ item }) => ({ part: item }),
      )
      .step("pay", pay, { after: ["inspect"] }, ({ input, inspect: results }) => ({
        id: input.id,
        share: results.filter(({ output }) => (output as { ok: boolean }).ok).length,
      })),
    says: /the mapping of the step "pay" threw: Cannot read properties of undefined \(reading 'ok'\)/,
  },
  {
    what: "a mapping that forgets that a wait may be given up",
    workflow: claim("unanswered")
      .waitFor("ok", { answer: v.object({ by: v.string() }), timeout: 1_000, otherwise: () => ({ by: "" }) }, () => "?")
      .step("assess", assess, { after: ["ok"] }, ({ input, ok }) => ({
        ...input,
        id: `${input.id}${(/./.exec(ok.by) as RegExpExecArray)[0]}`,
      })),
    says: /the mapping of the step "assess" threw: Cannot read properties of null/,
  },
  {
    what: "a round that assumes that it was told something",
    workflow: claim("told").loop(
      "assess",
      assess,
      { max: 3, inbox: v.string(), until: () => true },
      ({ input, told: [first] }) => ({ ...input, id: `${input.id}${(first as string).length}` }),
    ),
    says: /the mapping for assess of the step "assess" threw: Cannot read properties of undefined \(reading 'length'\)/,
  },
  {
    what: "a loop that ends by the clock",
    workflow: claim("until").loop(
      "assess",
      assess,
      { max: 3, until: () => new Date().getMilliseconds() % 2 === 0 },
      ({ input }) => input,
    ),
    says: /the until of the step "assess" is not pure/,
  },
  {
    what: "an undoing of what may have been done that assumes an input",
    workflow: claim("unknown")
      .step("assess", assess, ({ input }) => input)
      .step("book", book, { after: ["assess"] }, ({ assess: { note } }) => ({ note })),
    says: /undoing the step "book" failed: Cannot read properties of null/,
    own: true,
  },
  {
    what: "a round of steps that forgets that there is no last one",
    workflow: claim("rounds").loop(
      "improve",
      claim("round").step("assess", assess, ({ input }) => input),
      { max: 3, until: ({ round }) => round === 2 },
      ({ input, last }) => ({
        ...input,
        id: `${input.id}${(last as { risk: number }).risk}`,
      }),
    ),
    says: /the mapping for round of the step "improve" threw: Cannot read properties of undefined/,
  },
  {
    what: "a mapping in a round that throws from the second round on",
    workflow: claim("later").loop(
      "improve",
      claim("again").step("assess", assess, ({ input }) => ({ ...input, id: decodeURIComponent(input.id) })),
      { max: 3, until: ({ round }) => round === 2 },
      ({ input, round }) => ({ ...input, id: round === 1 ? "a" : "%" }),
    ),
    says: /the mapping of the step "improve#\/assess" threw: URI malformed/,
  },
];
