/** Names the calls that a piece of work makes of agents, so that another attempt at the work is known to make the same ones. */

import type { CallableAgent } from "../actors/callable-agent.ts";
import { keyOfParts, ownKey, scopeKey } from "../store/versions/idempotency-key.ts";
import { toLosslessJson } from "../values/lossless-json.ts";
import { sha256 } from "../values/sha256.ts";

/** For what a call is made, as far as is known: a run, which may have a tenant, and a tenant that was named for the call. */
export interface CallOrigin {
  readonly run?: string | undefined;
  readonly tenant?: string | undefined;
}

/** A call that is made for a run. */
export interface RunCall {
  readonly run: string;
  /** Unique within the run. */
  readonly name: string;
  /** True when its output is recorded, and found by a later attempt at what makes the call. */
  readonly isOnce: boolean;
}

/** The call that a piece of work is about to make. */
export interface NewCall {
  readonly agent: CallableAgent;
  /** The input as plain data. */
  readonly input: unknown;
  /** What says which call it is, in place of the input. */
  readonly idempotencyKey?: string | undefined;
  readonly once?: boolean | undefined;
  /** The tenant that it is for. Default: that of the work. */
  readonly tenant?: string | undefined;
}

/** How many characters of the hash are kept, of six bits each: enough that two calls don't share them by accident or design. */
const length = 32;

/** What the keys of a run's calls begin with. */
const ofRun = scopeKey("call/");

/** What the keys of other calls begin with that have a name. */
const called = scopeKey("called/");

/**
 * The calls of one attempt at a piece of work. A call is known by its agent and its input, not by its place in the code: an attempt may leave out
 * calls that the one before made, or make others between them. Of several calls with the same input, which can't be told apart, the
 * first in one attempt counts as the first in another. An agent is known by name and version, not by its module, which another process may
 * have elsewhere.
 */
export class CallNames {
  readonly #scope: string;
  readonly #origin: CallOrigin;
  readonly #made = new Map<string, number>();

  /** @param scope the work, the same for all attempts at it. @param origin what it is done for. */
  constructor(scope: string, origin: CallOrigin) {
    this.#scope = scope;
    this.#origin = origin;
  }

  /**
   * The idempotency key of the next call.
   *
   * @throws TroupeError `invalid-options` for an idempotency key that is no text.
   */
  next({ agent, input, idempotencyKey, once = true, tenant = this.#origin.tenant }: NewCall): string {
    const [kind, which] =
      idempotencyKey === undefined
        ? (["input", toLosslessJson(input)] as const)
        : (["key", ownKey(idempotencyKey, `call ${agent.name}`)] as const);
    const call = hashOf(this.#scope, agent.name, agent.version, kind, which);
    const whose = tenant === undefined ? [] : [tenant];
    if (idempotencyKey !== undefined) return this.#keyOf(call, once, whose);
    const before = this.#made.get(call) ?? 0;
    this.#made.set(call, before + 1);
    return this.#keyOf(before === 0 ? call : hashOf(call, String(before)), once, whose);
  }

  #keyOf(name: string, once: boolean, whose: readonly string[]): string {
    const { run } = this.#origin;
    if (run === undefined) return scopeKey(keyOfParts("called", name, ...whose));
    return scopeKey(keyOfParts("call", run, name, once ? "once" : "each-time", ...whose));
  }
}

/** The call of a run that an idempotency key names; `undefined` for the key of anything else. */
export function runCallOf(key: string | undefined): RunCall | undefined {
  if (key === undefined || !key.startsWith(ofRun)) return undefined;
  const [run = "", name = "", how] = key.slice(ofRun.length).split("/").map(decodeURIComponent);
  return { run, name, isOnce: how === "once" };
}

/** For what a call is made, by its idempotency key; `undefined` for the key of anything else, or of a call that says nothing of it. */
export function originOf(key: string | undefined): CallOrigin | undefined {
  if (key === undefined) return undefined;
  const isOfRun = key.startsWith(ofRun);
  if (!isOfRun && !key.startsWith(called)) return undefined;
  const parts = key
    .slice((isOfRun ? ofRun : called).length)
    .split("/")
    .map(decodeURIComponent);
  const [run, tenant] = isOfRun ? [parts[0], parts[3]] : [undefined, parts[1]];
  return run === undefined && tenant === undefined ? undefined : { run, tenant };
}

function hashOf(...parts: readonly string[]): string {
  return sha256(JSON.stringify(parts), "base64url", length);
}
