/** What does a step, and what it has by paths: an agent, or a workflow of its own. All of it exists only in types. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { WorkflowDefinition } from "./workflow-definition.ts";

/** What does a step: an agent, or a workflow of its own. */
export type Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts> = { readonly kind: Kind } & (
  | AgentDefinition<In, Out, Part>
  | WorkflowDefinition<In, Out, Inner, InnerWaits, InnerParts>
);

/** What is called by its own name in a sub-workflow, by its path in the workflow around it. */
export type Within<Name extends string, Inner> = [Inner] extends [never]
  ? { readonly [Path in `${Name}/${string}`]: unknown }
  : unknown extends Inner
    ? unknown
    : { readonly [K in keyof Inner & string as `${Name}/${K}`]: Inner[K] };

/** What a step emits, by its path: an agent's parts, or what the steps of a sub-workflow emit. */
export type Emitted<Kind, Name extends string, Part, InnerParts> = Kind extends "workflow"
  ? Within<Name, InnerParts>
  : { readonly [K in Name]: Part };
