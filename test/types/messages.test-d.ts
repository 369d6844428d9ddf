/**
 * What the compiler says of wrong code, and where. Each `says` is a part of the error in the line after it; `npm run test:typescripts`
 * looks at the words, with each TypeScript that Troupe supports.
 */

import * as v from "valibot";
import { type AgentContext, defineAgent, defineWorkflow, type System } from "../../src/index.ts";
import { verifyWorkflow } from "../../src/testing/index.ts";

const url = import.meta.url;
const scorer = defineAgent(url, {
  name: "scorer",
  version: "1.0.0",
  input: v.object({ applicantId: v.string() }),
  output: v.object({ score: v.number() }),
  execute: () => ({ score: 1 }),
});
const claim = defineWorkflow(url, { name: "claim", version: "1.0.0", input: v.object({ id: v.string() }) });
const scored = claim.step("score", scorer, ({ input }) => ({ applicantId: input.id }));
const maybe = claim.step("score", scorer, { when: () => true }, ({ input }) => ({ applicantId: input.id }));
const asked = scored.waitFor("ok", { after: ["score"], answer: v.object({ yes: v.boolean() }) }, () => "ok?");
const use = (..._: unknown[]): void => undefined;

export function wrongMappings(): void {
  // @ts-expect-error says: Property 'applicantId' is missing
  claim.step("score", scorer, ({ input }) => ({ id: input.id }));
  // @ts-expect-error says: Type 'number' is not assignable to type 'string'
  claim.step("score", scorer, () => ({ applicantId: 7 }));
  // @ts-expect-error says: the workflow has a step of this name
  scored.step("score", scorer, ({ input }) => ({ applicantId: input.id }));
  // @ts-expect-error says: 'score' is possibly 'undefined'
  maybe.step("next", scorer, { after: ["score"] }, ({ score }) => ({ applicantId: String(score.score) }));
  // @ts-expect-error says: '"scores"' is not assignable to type '"score"'
  scored.step("next", scorer, { after: ["scores"] }, () => ({ applicantId: "a" }));
}

export function wrongNames(isShort: boolean): void {
  const applicant = (): { applicantId: string } => ({ applicantId: "a" });
  // @ts-expect-error says: '"x"' is not assignable to type '"no step is declared before this one"'
  claim.step("score", scorer, { after: ["x"] }, applicant);
  // @ts-expect-error says: '"x"' is not assignable to type '"no step is declared before this one"'
  claim.step("score", scorer, { needs: ["x"] }, applicant);
  // @ts-expect-error says: '"x"' is not assignable to type '"no step is declared before this one"'
  claim.each("all", scorer, { after: ["x"], over: () => ["a"] }, applicant);
  // @ts-expect-error says: '"x"' is not assignable to type '"no step is declared before this one"'
  claim.loop("again", scorer, { after: ["x"], max: 3, until: () => true }, applicant);
  // @ts-expect-error says: '"x"' is not assignable to type '"no step is declared before this one"'
  claim.pause("rest", { after: ["x"], ms: 1 });
  const either = isShort ? scored : claim.step("edit", editor, () => ({ text: "" }));
  // @ts-expect-error says: none of those signatures are compatible with each other
  either.step("next", scorer, applicant);
}

export async function wrongVerifications(): Promise<void> {
  // @ts-expect-error says: Property 'steps' is missing in type 'AgentDefinition<
  await verifyWorkflow(scorer);
  // @ts-expect-error says: is not assignable to parameter of type 'WorkflowDefinition<
  await verifyWorkflow(() => scored);
  // @ts-expect-error says: 'rns' does not exist in type 'VerifyOptions<
  await verifyWorkflow(scored, { rns: 3 });
}

export function wrongSubWorkflows(): void {
  const flow = claim.step("part", asked, ({ input }) => ({ id: input.id }));
  // @ts-expect-error says: Property 'id' is missing
  claim.step("part", asked, () => ({}));
  // @ts-expect-error says: Type 'number' is not assignable to type 'string'
  claim.step("part", asked, () => ({ id: 7 }));
  // @ts-expect-error says: Type '() => undefined' is not assignable to type 'undefined'
  claim.step("part", asked, { fallback: () => undefined }, () => ({ id: "a" }));
  // @ts-expect-error says: '"part/score"' is not assignable to type '"part"'
  flow.step("next", scorer, { after: ["part/score"] }, () => ({ applicantId: "a" }));
}

export function wrongLists(): void {
  const listed = claim.each("all", scorer, { over: () => ["a"], tolerate: 1 }, ({ item }) => ({ applicantId: item }));
  // @ts-expect-error says: Type 'number' is not assignable to type 'string'
  claim.each("all", scorer, { over: () => [1] }, ({ item }) => ({ applicantId: item }));
  // @ts-expect-error says: Type 'string' is not assignable to type 'readonly
  claim.each("all", scorer, { over: ({ input }) => input.id }, () => ({ applicantId: "a" }));
  // @ts-expect-error says: Type 'number' is not assignable to type 'string'
  claim.each("all", scored, { over: () => [1] }, ({ item }) => ({ id: item }));
  // @ts-expect-error says: is not assignable to type '"the items are workflows: give the fallback to their steps"'
  claim.each("all", scored, { over: () => ["a"], fallback: () => ({ score: 1 }) }, ({ item }) => ({ id: item }));
  listed.step("next", scorer, { after: ["all"] }, ({ all: [one] }) => {
    // @ts-expect-error says: 'one.output' is possibly 'undefined'
    return { applicantId: String(one?.output.score) };
  });
}

export async function wrongParts(system: System): Promise<void> {
  const writer = defineAgent(url, {
    name: "writer",
    version: "1.0.0",
    input: v.object({ applicantId: v.string() }),
    output: v.object({}),
    emits: v.string(),
    execute: () => ({}),
  });
  const run = system.run(
    scored.step("write", writer, ({ input }) => ({ applicantId: input.id })),
    { id: "a" },
  );
  // @ts-expect-error says: '"score"' is not assignable to parameter of type '"write"'
  run.text("score");
  // @ts-expect-error says: Type 'string' does not satisfy the expected type 'number'
  for await (const item of run.stream()) if (item.kind === "part") use(item.value satisfies number);
}

const editor = defineAgent(url, {
  name: "editor",
  version: "1.0.0",
  input: v.object({ text: v.string() }),
  output: v.object({ text: v.string(), score: v.number() }),
  execute: () => ({ text: "", score: 1 }),
});
const desk = { scorer, editor };
const enough = { max: 3, until: () => true } as const;
const maps = { scorer: () => ({ applicantId: "a" }), editor: () => ({ text: "" }) };

export async function wrongLoops(system: System): Promise<void> {
  // @ts-expect-error says: 'last' is possibly 'undefined'
  claim.loop("improve", editor, enough, ({ last }) => ({ text: last.text }));
  // @ts-expect-error says: Type 'number' is not assignable to type 'string'
  claim.loop("improve", editor, enough, ({ round }) => ({ text: round }));
  // @ts-expect-error says: Property 'scored' does not exist
  claim.loop("improve", editor, { max: 3, until: ({ last }) => last.scored > 1 }, () => ({ text: "" }));
  // @ts-expect-error says: Property 'max' is missing
  claim.loop("improve", editor, { until: () => true }, () => ({ text: "" }));
  // @ts-expect-error says: a loop of one agent has no who
  claim.loop("improve", editor, { ...enough, who: () => "editor" }, () => ({ text: "" }));
  // @ts-expect-error says: Property 'who' is missing
  claim.loop("desk", desk, enough, maps);
  // @ts-expect-error says: Type '"editors"' is not assignable to type
  claim.loop("desk", desk, { ...enough, who: () => "editors" }, maps);
  // @ts-expect-error says: Property 'editor' is missing
  claim.loop("desk", desk, { ...enough, who: () => "editor" }, { scorer: maps.scorer });
  claim.loop(
    "desk",
    desk,
    { ...enough, who: () => "editor" },
    // @ts-expect-error says: Type 'number' is not assignable to type 'string'
    { scorer: () => ({ applicantId: 7 }), editor: maps.editor },
  );
  // @ts-expect-error says: Property 'text' does not exist
  claim.loop("desk", desk, { max: 3, who: () => "editor", until: ({ last }) => last.text === "" }, maps);
  const steered = claim.loop("improve", editor, { ...enough, inbox: v.string() }, ({ told }) => ({
    text: told.join(),
  }));
  // @ts-expect-error says: 'number' is not assignable to parameter of type 'string'
  await system.run(steered, { id: "a" }).tell("improve", 7);
  const quiet = scored.waitFor("ok", { answer: v.string() }, () => "?").loop("improve", editor, enough, maps.editor);
  // @ts-expect-error says: '"improve"' is not assignable to parameter of type '"ok"'
  await system.run(quiet, { id: "a" }).tell("improve", "text");
}

export async function wrongAnswers(system: System): Promise<void> {
  const run = system.run(asked, { id: "a" });
  // @ts-expect-error says: Type 'string' is not assignable to type 'boolean'
  await run.tell("ok", { yes: "true" });
  // @ts-expect-error says: '"okay"' is not assignable to parameter of type '"ok"'
  await run.tell("okay", { yes: true });
  const outer = system.run(
    claim.step("part", asked, () => ({ id: "a" })),
    { id: "a" },
  );
  // @ts-expect-error says: '"ok"' is not assignable to parameter of type '"part/ok"'
  await outer.tell("ok", { yes: true });
  // @ts-expect-error says: Type 'string' is not assignable to type 'boolean'
  await outer.tell("part/ok", { yes: "true" });
  // @ts-expect-error says: Property 'id' is missing
  use(system.run(asked, {}));
}

export async function wrongCalls(system: System, context: AgentContext): Promise<void> {
  // @ts-expect-error says: Property 'applicantId' is missing
  await context.call(scorer, {});
  // @ts-expect-error says: 'number' is not assignable to type 'string'
  await system.call(scorer, { applicantId: 7 });
  // @ts-expect-error says: the agent emits nothing
  system.stream(scorer, { applicantId: "a" });
  // @ts-expect-error says: Property 'scores' does not exist
  use((await system.call(scorer, { applicantId: "a" })).scores);
}
