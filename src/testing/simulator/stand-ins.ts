/** Answers of a test in place of agents' code, in a simulation. */

import type { AgentContext, AgentDefinition } from "../../agents/agent-definition.ts";
import type { DefinitionLoader } from "../../runtime/definitions/definition-loader.ts";
import type { FakeAnswer } from "./fake-answer.ts";

/**
 * A loader that gives, for an agent with an answer, the same agent with that answer as its code: contract, policies and placement are its
 * own. Its compensations do nothing.
 */
export function withStandIns(load: DefinitionLoader, answers: readonly FakeAnswer[]): DefinitionLoader {
  return {
    async load(id) {
      const definition = await load.load(id);
      if (definition.kind !== "agent") return definition;
      const found = answers.find(({ agent }) => agent.name === definition.name && agent.module === definition.module);
      return found === undefined ? definition : (standIn(definition, found.answer) as typeof definition);
    },
    remember: (definition) => load.remember(definition),
  };
}

function standIn(agent: AgentDefinition, answer: FakeAnswer["answer"]): AgentDefinition {
  const nothing = (): void => undefined;
  return {
    ...agent,
    async execute(input: never, context: AgentContext<unknown>) {
      const emitted: Promise<void>[] = [];
      const output = await answer(input, ((part: unknown) => void emitted.push(context.emit(part))) as never);
      await Promise.all(emitted);
      return output;
    },
    compensate: agent.compensate && nothing,
    compensateUnknown: agent.compensateUnknown && nothing,
  };
}
