/** The definition of an actor in the form that hosts and refs use. */

import type { Observable } from "rxjs";
import type * as v from "valibot";
import { TroupeError } from "../errors/troupe-error.ts";
import { isName, nameRule } from "../values/name.ts";
import type { StateDefinition } from "../store/versions/state-definition.ts";
import type { MailboxOptions } from "./mailbox-options.ts";
import type { Placement } from "./placement.ts";
import type { Protocol } from "./protocol.ts";
import { shown } from "../values/shown.ts";

/**
 * An actor's definition. Worker threads load it by `module` and `name`.
 *
 * @since 0.1.0
 */
export interface ActorDefinition<P extends Protocol = Protocol, E = unknown> {
  readonly kind: "actor";
  readonly module: string;
  readonly name: string;
  readonly protocol: P;
  readonly events: v.GenericSchema<unknown, E> | undefined;
  readonly mailbox: MailboxOptions;
  readonly placement: Placement;
  /** How many messages it handles at a time; 1 unless an agent asked for more. */
  readonly concurrency: number;
  readonly body: ActorBody;
}

type Handlers = Readonly<Record<string, (draft: never, payload: never, context: never) => unknown>>;

/** The code of an actor: handlers over drafts, or a behaviour. Its types were checked where it was defined. */
export type ActorBody =
  | { readonly kind: "handlers"; readonly state: (() => unknown) | undefined; readonly on: Handlers }
  /** Handlers over a state of the store. */
  | { readonly kind: "durable"; readonly state: StateDefinition; readonly on: Handlers }
  | { readonly kind: "behaviour"; readonly behaviour: (inbox$: never, context: never) => Observable<unknown> };

/**
 * Returns the actor's name. A durable actor has to be given one, since its state is found by it: a generated name could
 * be another actor's after a restart.
 *
 * @throws TroupeError `invalid-options` for a durable actor without a name.
 */
export function checkActorName({ name, body }: ActorDefinition, wanted: string | undefined): void {
  if (body.kind !== "durable" || wanted !== undefined) return;
  throw new TroupeError(
    "invalid-options",
    `spawn ${name}: it keeps its state in the store, at ${body.state.name}/<its name>. Give it a name.`,
  );
}

/** Checks the module's URL and the name of a definition. */
export function checkDefinition(what: string, module: string, name: string): void {
  if (!isName(name)) {
    throw new TroupeError("invalid-options", `${what}: the name ${shown(name)} may have ${nameRule}`);
  }
  if (typeof module !== "string" || !/^[a-z][\w+.-]*:/i.test(module)) {
    throw new TroupeError(
      "invalid-options",
      `${what} ${name}: the first argument is the module's URL; pass import.meta.url, not ${shown(module)}`,
    );
  }
}
