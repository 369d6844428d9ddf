/** Checks that `spawn`, `run` and the like were given a definition: an import that is misspelt, or circular, gives undefined. */

import { shown } from "../../values/shown.ts";
import { tenantSchema } from "../../contracts/tenant.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import type { CallableAgent } from "../../actors/callable-agent.ts";
import type { CallOptions } from "../../actors/call-options.ts";
import type { SpawnOptions } from "../../actors/actor-context.ts";
import { type ActorDefinition, checkActorName } from "../../actors/actor-definition.ts";
import * as v from "valibot";
import { read } from "../../errors/foreign-value.ts";
import { isDefinition } from "./is-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";

const makers = { actor: "defineActor", agent: "defineAgent", workflow: "defineWorkflow" } as const;

type Kind = keyof typeof makers;

/** @throws TroupeError `invalid-options` for anything but a definition of one of the kinds. */
export function checkDefinition(method: string, kinds: readonly Kind[], given: unknown): void {
  if (isDefinition(given) && kinds.some((kind) => kind === given.kind)) return;
  const expected = kinds.map((kind) => `what ${makers[kind]} returned`).join(" or ");
  const hint = given === undefined ? ". Is it exported under that name, and is its import not circular?" : "";
  throw new TroupeError("invalid-options", `${method}: expected ${expected}, not ${inspected(given)}${hint}`, {
    details: { expected },
  });
}

const spawnOptions = v.strictObject({
  name: v.optional(v.string()),
  placement: v.optional(v.unknown()), // the thread roster checks it
});

/** @throws TroupeError `invalid-options` for what can't be spawned, or not by these options. */
export function checkSpawn(
  kinds: readonly ("actor" | "agent")[],
  definition: ActorDefinition | CallableAgent,
  options: SpawnOptions,
): void {
  checkDefinition("spawn", kinds, definition);
  checkOptions("spawn", spawnOptions, options);
  if (definition.kind === "actor") checkActorName(definition, options.name);
}

const callOptions = v.strictObject({
  timeout: v.optional(v.pipe(v.number(), v.minValue(0))),
  signal: v.optional(v.unknown()), // the ask checks it
  idempotencyKey: v.optional(v.unknown()), // where it is used, it is checked
  once: v.optional(v.boolean()),
  tenant: v.optional(tenantSchema),
});

/** @throws TroupeError `invalid-options` for what is no agent, or can't be called by these options. */
export function checkCall(method: "call" | "stream", agent: CallableAgent, options: CallOptions): void {
  checkDefinition(method, ["agent"], agent);
  if (options !== noOptions) checkOptions(method, callOptions, options);
}

/** Those of most calls, which need no check. */
export const noOptions: CallOptions = Object.freeze({});

/** @throws TroupeError `invalid-options` where something is looked for by anything but a definition and a text. */
export function checkSought(method: string, kinds: readonly Kind[], definition: unknown, name: unknown): void {
  checkDefinition(method, kinds, definition);
  if (typeof name === "string") return;
  throw new TroupeError("invalid-options", `${method}: what is looked for has a text for a name, not ${shown(name)}`);
}

function inspected(given: unknown): string {
  const kind = typeof given === "object" && given !== null ? read(given, "kind") : undefined;
  return isKind(kind) ? `a definition of the kind ${kind}` : shown(given);
}

function isKind(kind: unknown): kind is string {
  return kind === "state" || Object.keys(makers).some((known) => known === kind);
}
