/** How a tree of supervisors is described, the defaults, and the check of what was given. */

import * as v from "valibot";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { Placement } from "../../actors/placement.ts";
import { type Backoff, type BackoffOptions, resolveBackoff } from "../../actors/backoff.ts";
import { type ChildKind, type Decider, restartAlways } from "../../supervision/decision.ts";
import { defaultIntensity, type RestartIntensity } from "../../supervision/restart-intensity.ts";
import type { Strategy } from "../../supervision/supervisor-state.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { namePattern, nameRule } from "../../values/name.ts";

/**
 * What every supervisor has, the first of a tree and those below it.
 *
 * @since 0.1.0
 */
export interface SupervisorOptions {
  /** Which children are restarted when one has failed. Default `"one-for-one"`. */
  readonly strategy?: Strategy;
  /** How many restarts within how many milliseconds are tried before the supervisor gives up. Default 10 within 10,000. */
  readonly intensity?: RestartIntensity;
  /**
   * The pauses before restarts. Default: 10 ms before the first, doubled for each restart in a row up to 10 s; chance takes off
   * up to a fifth. A row ends once the child has been up for the intensity's period.
   */
  readonly backoff?: BackoffOptions;
  /** Decides what is done about a failure. Default: restart after any failure. Runs on the thread that made the system. */
  readonly decide?: Decider;
  /** In the order in which they start; they stop in reverse. */
  readonly children: readonly ChildOptions[];
}

/**
 * A child: an actor, or a supervisor with children of its own.
 *
 * @since 0.1.0
 */
export type ChildOptions = ActorChildOptions | SupervisorChildOptions;

/**
 * An actor in a tree of supervisors: what it is, where it runs, and how its supervisor treats it.
 *
 * @since 0.1.0
 */
export interface ActorChildOptions {
  /** The actor's name in its system. */
  readonly name: string;
  readonly actor: ActorDefinition;
  /** Whether it is started again. Default `"permanent"`. */
  readonly restart?: ChildKind;
  /** Where it runs. Default: what the definition says. If that thread is gone, a pooled one. */
  readonly placement?: Placement;
  /**
   * Milliseconds that it has to finish the message in hand when it is stopped or restarted with others. After that its thread is
   * killed if no other actor is on it; otherwise the actor is left behind: what it still does has no effect. Default 5,000;
   * `Infinity` for no deadline.
   */
  readonly stopWithin?: number;
  /** How often a message is begun at most, before it is a dead letter. Default 3. */
  readonly maxDeliveries?: number;
}

/**
 * A supervisor below another one, which restarts it as a whole.
 *
 * @since 0.1.0
 */
export interface SupervisorChildOptions {
  readonly name: string;
  readonly supervisor: SupervisorOptions;
  /** Whether it is started again when it has given up. Default `"permanent"`. */
  readonly restart?: ChildKind;
}

/**
 * A whole tree of supervisors and their actors, as `system.supervise` starts it.
 *
 * @since 0.1.0
 */
export interface SupervisionOptions extends SupervisorOptions {
  /** The tree's name, unique among the trees of a system. */
  readonly name: string;
}

/** A supervisor's options with the defaults filled in. */
export interface ResolvedSupervisor extends Required<Omit<SupervisorOptions, "children" | "backoff">> {
  readonly backoff: Backoff;
  readonly children: readonly ResolvedChild[];
}

export interface ResolvedActor extends Required<ActorChildOptions> {
  readonly kind: "actor";
}

export type ResolvedChild =
  | ResolvedActor
  | {
      readonly kind: "supervisor";
      readonly name: string;
      readonly restart: ChildKind;
      readonly supervisor: ResolvedSupervisor;
    };

const defaultBackoff: Backoff = { first: 10, factor: 2, max: 10_000, jitter: 0.2 };

const name = v.pipe(v.string(), v.regex(namePattern, nameRule));
const duration = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer());

const common = {
  strategy: v.optional(v.picklist(["one-for-one", "one-for-all", "rest-for-one"])),
  intensity: v.optional(
    v.strictObject({ restarts: v.pipe(count, v.minValue(0)), within: v.pipe(v.number(), v.minValue(1)) }),
  ),
  backoff: v.optional(
    v.strictObject({
      first: v.optional(duration),
      factor: v.optional(v.pipe(v.number(), v.finite(), v.minValue(1))),
      max: v.optional(v.pipe(duration, v.finite())),
      jitter: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    }),
  ),
  decide: v.optional(v.custom<Decider>((value) => typeof value === "function", "expected a function")),
};

const kinds = v.optional(v.picklist(["permanent", "transient", "temporary"]));

const actorChild = v.strictObject({
  name,
  actor: v.custom<ActorDefinition>(isActor, "expected what defineActor returned"),
  restart: kinds,
  placement: v.optional(v.unknown()), // the thread roster checks it
  stopWithin: v.optional(duration),
  maxDeliveries: v.optional(v.pipe(count, v.minValue(1))),
});

const supervisorChild = v.strictObject({
  name,
  restart: kinds,
  supervisor: v.lazy((): v.GenericSchema => v.strictObject({ ...common, children })),
});

const children = v.pipe(
  v.array(v.lazy((child) => (isObject(child) && "supervisor" in child ? supervisorChild : actorChild))),
  v.minLength(1, "a supervisor has children"),
);

const tree = v.strictObject({ ...common, name, children });

/**
 * Checks a tree's description, and fills in the defaults.
 *
 * @throws TroupeError `invalid-options` that names the option, what was expected and what was given.
 */
export function resolveSupervision(options: SupervisionOptions): ResolvedSupervisor {
  checkOptions("supervise", tree, options);
  const resolved = resolve(options);
  checkNames(options.name, resolved, new Set());
  return resolved;
}

function resolve({ strategy, intensity, backoff, decide, children: given }: SupervisorOptions): ResolvedSupervisor {
  return {
    strategy: strategy ?? "one-for-one",
    intensity: intensity ?? defaultIntensity,
    backoff: resolveBackoff(backoff ?? {}, defaultBackoff),
    decide: decide ?? restartAlways,
    children: given.map((child): ResolvedChild => {
      const { restart = "permanent" } = child;
      if ("supervisor" in child)
        return { kind: "supervisor", name: child.name, restart, supervisor: resolve(child.supervisor) };
      const { actor, placement = actor.placement, stopWithin = 5_000, maxDeliveries = 3 } = child;
      return { kind: "actor", name: child.name, actor, restart, placement, stopWithin, maxDeliveries };
    }),
  };
}

function checkNames(supervisor: string, { children: given }: ResolvedSupervisor, actors: Set<string>): void {
  const names = new Set<string>();
  for (const child of given) {
    const isTaken = names.has(child.name) || (child.kind === "actor" && actors.has(child.name));
    if (isTaken)
      throw new TroupeError("invalid-options", `supervise: ${supervisor} has two children named ${child.name}`, {
        details: { supervisor, name: child.name },
      });
    names.add(child.name);
    if (child.kind === "actor") actors.add(child.name);
    else checkNames(`${supervisor}/${child.name}`, child.supervisor, actors);
  }
}

function isActor(value: unknown): boolean {
  return isObject(value) && "kind" in value && value.kind === "actor";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
