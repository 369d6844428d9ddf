/** The options of a loop besides those of all steps, and the types of its rounds. */

import type * as v from "valibot";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { IsCloneable } from "../../values/cloneable.ts";
import type { ReadonlyParts } from "../../values/readonly-parts.ts";
import type { Within } from "./doer.ts";
import type { WorkflowDefinition } from "./workflow-definition.ts";

/**
 * What does the rounds of a loop: an agent or a workflow that does every round; or several agents, by the names that its `who` gives.
 *
 * @since 0.1.0
 */
export type LoopDoers = OneDoer | Readonly<Record<string, AgentDefinition>>;

type OneDoer = AgentDefinition | WorkflowDefinition;

/**
 * When a loop is done, and what it is told meanwhile. The bound of its rounds is kept by the run's history.
 *
 * @since 0.1.0
 */
export interface LoopOptions<From, Does, Given, Told> {
  /**
   * Says after a round whether that was the last one; `round` is its number. Synchronous and pure. It is not asked while a message is
   * unread: then there is another round.
   */
  readonly until: (sources: From & Done<Does>) => boolean;
  /** How many rounds there may be, from 1 to a million. */
  readonly max: number;
  /** After so many rounds, the step fails as `loop-exhausted`, or its output is accepted as it is. Default: `"fail"`. */
  readonly onMax?: "fail" | "accept";
  /**
   * The schema of the messages that `run.tell` gives it. A round that begins gets all that came since the round before, as `told`. Default:
   * it takes none.
   */
  readonly inbox?: v.GenericSchema<Given, Told> &
    ([IsCloneable<NoInfer<Given>>, IsCloneable<NoInfer<Told>>] extends [true, true]
      ? unknown
      : "the message has a part that can't cross to another actor");
}

/** Which agent does the next round: a question only where there are several. */
export type HandOff<From, Does, Told> = [Does] extends [OneDoer]
  ? { readonly who?: "a loop of one agent, or of a workflow, has no who: give several agents by name" }
  : {
      /** Gives the name of the agent that does the next round. Synchronous and pure. */
      readonly who: (sources: From & Round<Does, Told>) => keyof Does & string;
    };

/** What maps the sources of a round to the input of what does it: one function, or one for each of several agents. */
export type RoundMapping<From, Does, Told> = [Does] extends [OneDoer]
  ? (sources: From & Round<Does, Told>) => ReadonlyParts<InputTo<Does>>
  : { readonly [Who in keyof Does]: (sources: From & Round<Does, Told>) => ReadonlyParts<InputTo<Does[Who]>> };

/** What a round is decided from, besides what came before the loop. */
export type Round<Does, Told> = {
  /** The number of the round, from 1 on. */
  readonly round: number;
  /** The messages that came since the round before, the oldest first. */
  readonly told: readonly Told[];
} & ([Does] extends [OneDoer]
  ? { readonly last: OutputOfLoop<Does> | undefined }
  : { readonly by: undefined; readonly last: undefined } | Last<Does>);

/** What `until` gets: there has been a round. */
export type Done<Does> = { readonly round: number } & ([Does] extends [OneDoer]
  ? { readonly last: OutputOfLoop<Does> }
  : Last<Does>);

/** The output of the round before, told apart by the name of the agent that did it. */
type Last<Does> = {
  readonly [Who in keyof Does]: { readonly by: Who; readonly last: OutputFrom<Does[Who]> };
}[keyof Does];

/** The output of a loop: that of its last round, whichever agent did it; of a workflow, that of its last step. */
export type OutputOfLoop<Does> = [Does] extends [OneDoer] ? OutputFrom<Does> : OutputFrom<Does[keyof Does]>;

/** What the rounds of a loop emit, by their paths, and the steps that are in them. */
export type PartsOfLoop<Name extends string, Does> = [Does] extends [WorkflowDefinition]
  ? Within<`${Name}#${number}`, InnerParts<Does>>
  : {
      readonly [Path in `${Name}#${number}`]: [Does] extends [OneDoer] ? PartFrom<Does> : PartFrom<Does[keyof Does]>;
    };

/** What the waits and loops in the rounds are told, by their paths. */
export type WaitsOfLoop<Name extends string, Does> = [Does] extends [WorkflowDefinition]
  ? Within<`${Name}#${number}`, InnerWaits<Does>>
  : unknown;

type InnerParts<Does> =
  Does extends WorkflowDefinition<unknown, unknown, unknown, never, infer Parts> ? Parts : unknown;
type InnerWaits<Does> = Does extends WorkflowDefinition<unknown, unknown, unknown, infer Waits> ? Waits : unknown;
type InputTo<Does> =
  Does extends AgentDefinition<infer In> ? In : Does extends WorkflowDefinition<infer In> ? In : never;
type PartFrom<Agent> = Agent extends AgentDefinition<unknown, unknown, infer Part> ? Part : never;
type OutputFrom<Does> =
  Does extends AgentDefinition<unknown, infer Out>
    ? Out
    : Does extends WorkflowDefinition<unknown, infer Out>
      ? Out
      : never;

/** What `run.tell` gives a loop, if it has an inbox. */
export type InboxOf<Name extends string, Given> = [Given] extends [never]
  ? unknown
  : { readonly [K in Name]: ReadonlyParts<Given> };
