/** The options of a loop besides those of all steps, and the types of its rounds. */

import type * as v from "valibot";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { IsCloneable } from "../../values/cloneable.ts";
import type { ReadonlyParts } from "../../values/readonly-parts.ts";

/**
 * The agents of a loop: one that does every round; or several, by the names that its `who` gives.
 *
 * @since 0.1.0
 */
export type LoopAgents = AgentDefinition | Readonly<Record<string, AgentDefinition>>;

/**
 * When a loop is done, and what it is told meanwhile. The bound of its rounds is kept by the run's history.
 *
 * @since 0.1.0
 */
export interface LoopOptions<From, Agents, Given, Told> {
  /**
   * Says after a round whether that was the last one; `round` is its number. Synchronous and pure. It is not asked while a message is
   * unread: then there is another round.
   */
  readonly until: (sources: From & Done<Agents>) => boolean;
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
export type HandOff<From, Agents, Told> = [Agents] extends [AgentDefinition]
  ? { readonly who?: "a loop of one agent has no who: give several by name" }
  : {
      /** Gives the name of the agent that does the next round. Synchronous and pure. */
      readonly who: (sources: From & Round<Agents, Told>) => keyof Agents & string;
    };

/** What maps the sources of a round to the agent's input: one function, or one for each of several agents. */
export type RoundMapping<From, Agents, Told> = [Agents] extends [AgentDefinition<infer In>]
  ? (sources: From & Round<Agents, Told>) => ReadonlyParts<In>
  : { readonly [Who in keyof Agents]: (sources: From & Round<Agents, Told>) => ReadonlyParts<InputTo<Agents[Who]>> };

/** What a round is decided from, besides what came before the loop. */
export type Round<Agents, Told> = {
  /** The number of the round, from 1 on. */
  readonly round: number;
  /** The messages that came since the round before, the oldest first. */
  readonly told: readonly Told[];
} & ([Agents] extends [AgentDefinition]
  ? { readonly last: OutputOfLoop<Agents> | undefined }
  : { readonly by: undefined; readonly last: undefined } | Last<Agents>);

/** What `until` gets: there has been a round. */
export type Done<Agents> = { readonly round: number } & ([Agents] extends [AgentDefinition]
  ? { readonly last: OutputOfLoop<Agents> }
  : Last<Agents>);

/** The output of the round before, told apart by the name of the agent that did it. */
type Last<Agents> = {
  readonly [Who in keyof Agents]: { readonly by: Who; readonly last: OutputFrom<Agents[Who]> };
}[keyof Agents];

/** The output of a loop: that of its last round, whichever agent did it. */
export type OutputOfLoop<Agents> = [Agents] extends [AgentDefinition]
  ? OutputFrom<Agents>
  : OutputFrom<Agents[keyof Agents]>;

/** What the rounds of a loop emit, by their paths. */
export type PartsOfLoop<Name extends string, Agents> = {
  readonly [Path in `${Name}#${number}`]: [Agents] extends [AgentDefinition]
    ? PartFrom<Agents>
    : PartFrom<Agents[keyof Agents]>;
};

type InputTo<Agent> = Agent extends AgentDefinition<infer In> ? In : never;
type PartFrom<Agent> = Agent extends AgentDefinition<unknown, unknown, infer Part> ? Part : never;
type OutputFrom<Agent> = Agent extends AgentDefinition<unknown, infer Out> ? Out : never;

/** What `run.tell` gives a loop, if it has an inbox. */
export type InboxOf<Name extends string, Given> = [Given] extends [never]
  ? unknown
  : { readonly [K in Name]: ReadonlyParts<Given> };
