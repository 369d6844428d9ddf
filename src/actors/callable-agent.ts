/** What the callers of an agent know of it, and the protocol of the actor that answers them. */

import type * as v from "valibot";
import type { Placement } from "./placement.ts";
import type { MessageSpec } from "./protocol.ts";

/**
 * The part of an agent's definition that its callers need: where it is defined, and its contract. `Part` is what it emits; `never` for an
 * agent that emits nothing.
 *
 * @since 0.1.0
 */
export interface CallableAgent<In = unknown, Out = unknown, Part = unknown> {
  readonly kind: "agent";
  readonly module: string;
  readonly name: string;
  readonly version: string;
  readonly input: v.GenericSchema<In, unknown>;
  readonly output: v.GenericSchema<unknown, Out>;
  readonly emits: v.GenericSchema<unknown, Part> | undefined;
  readonly concurrency: number;
  readonly placement: Placement;
}

/**
 * Rejects, at compile time, an agent that emits nothing.
 *
 * @since 0.1.0
 */
export type Emitting<Part> = [Part] extends [never]
  ? "the agent emits nothing: give defineAgent the schema of its parts, such as emits: v.string(), or use call"
  : unknown;

/**
 * The protocol of an agent that is asked directly, outside of any workflow. It is no interface, since an interface would
 * have to extend {@link Protocol}, and would take any message then.
 *
 * @since 0.1.0
 */
export type AgentProtocol<In, Out> = {
  readonly execute: MessageSpec & {
    readonly input: v.GenericSchema<In, In>;
    readonly reply: v.GenericSchema<Out, Out>;
  };
};
