/** What may be done from a page: each command with its checked parameters. Each calls a method of the system. */

import * as v from "valibot";
import type { Address } from "../../actors/address.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { isAskError, toAskError } from "../../errors/ask-error.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { defineFamily } from "../../store/versions/define-state.ts";
import { isReservedFamily } from "../../store/versions/reserved-families.ts";
import type { StateDefinition } from "../../store/versions/state-definition.ts";
import * as names from "../../traces/semantic-names.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { coordinationSchema } from "../../workflows/history/coordination.ts";
import type { Content } from "../source/content.ts";
import type { Looking } from "../views/view.ts";
import type { LiveSystem, StoreReader } from "../source/inspected.ts";

/** What a command answers besides that it was done. */
type Done = Readonly<Record<string, unknown>> | undefined;

interface Command<T> {
  readonly schema: v.GenericSchema<unknown, T>;
  work(given: T, live: LiveSystem, at: Looking): Promise<Done | void>;
}

const text = v.pipe(v.string(), v.minLength(1));
const number = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

function command<T>(schema: v.GenericSchema<unknown, T>, work: Command<T>["work"]): Command<never> {
  return { schema, work } as Command<never>;
}

const commands: Readonly<Record<string, Command<never>>> = {
  run: command(
    v.strictObject({ workflow: text, input: v.unknown(), id: v.optional(text) }),
    async ({ workflow: name, input, id }, live, { inspected: { workflows } }) => {
      const workflow = workflows.find((one) => `${one.name}@${one.version}` === name);
      if (workflow === undefined) throw notThere(name, workflows);
      const run = live.run(workflow, input, id === undefined ? {} : { id });
      await run.started;
      return { run: run.id };
    },
  ),
  cancel: command(v.strictObject({ run: text, reason: v.optional(v.string()) }), async ({ run, reason }, live) =>
    (await live.findRun(run)).cancel(reason),
  ),
  "retry-compensation": command(v.strictObject({ run: text }), async ({ run }, live) => {
    await (await live.findRun(run)).retryCompensation();
  }),
  resolve: command(v.strictObject({ run: text, note: text }), async ({ run, note }, live) =>
    (await live.findRun(run)).resolve(note),
  ),
  undo: command(v.strictObject({ run: text, reason: v.optional(v.string()) }), async ({ run, reason }, live) => {
    await (await live.findRun(run)).undo(reason);
  }),
  tell: command(
    v.strictObject({ run: text, step: text, answer: v.unknown(), by: v.optional(text) }),
    async ({ run, step, answer, by }, live) =>
      (await live.findRun(run)).tell(step as never, answer as never, by === undefined ? {} : { by }),
  ),
  "switch-coordination": command(v.strictObject({ coordination: coordinationSchema }), ({ coordination }, live) =>
    live.switchCoordination(coordination),
  ),
  "stop-actor": command(v.strictObject({ address: text }), ({ address }, live) => live.stop(address as Address)),
  "restart-actor": command(v.strictObject({ address: text }), async ({ address }, live) => {
    live.restart(address as Address);
  }),
  send: command(
    v.strictObject({ address: text, message: text, payload: v.optional(v.unknown()), ask: v.optional(v.boolean()) }),
    async ({ address, message, payload, ask = false }, live, { content }) => {
      const answer = await live.send(address as Address, message, payload, ask).catch((error: unknown) => {
        throw shownFailure(error, content);
      });
      return ask ? { answer: content.shown("troupe.message.payload", answer) } : undefined;
    },
  ),
  resend: command(v.strictObject({ number }), async ({ number: given }, live, { recent }) => {
    const letter = recent.deadLetters.find(given);
    if (letter === undefined)
      throw new TroupeError("invalid-options", `there is no message ${given} among those that reached no actor`);
    await live.sendAgain(letter);
    recent.sentAgain.add(letter);
  }),
  revert: command(v.strictObject({ key: text, version: number }), async ({ key, version }, live, { inspected }) => {
    const { definition, id } = await familyOf(key, version, inspected.reader());
    return { version: (await live.store.revert(definition, id, version)).version };
  }),
  fork: command(v.strictObject({ key: text, version: number, id: text }), async (given, live, { inspected }) => {
    const { definition, id } = await familyOf(given.key, given.version, inspected.reader());
    return { key: (await live.store.fork(definition, id, given.version, given.id)).key };
  }),
};

export const commandNames: readonly string[] = Object.keys(commands);

/** @throws TroupeError `invalid-options` for parameters that make no sense, and whatever the system's method throws. */
export async function carryOut(name: string, given: unknown, live: LiveSystem, at: Looking): Promise<Done> {
  const { schema, work } = commands[name] as Command<never>;
  checkOptions(name, schema, given);
  return (await work(given as never, live, at)) ?? undefined;
}

/** What the receiver's code failed with is the application's data, and shown only as far as that is. */
function shownFailure(error: unknown, content: Content): unknown {
  if (!isAskError(error) || error.outcome !== "failed") return error;
  return toAskError(error, "failed", { message: content.text(names.exceptionMessage, error.message) });
}

/** The family of a key, without its schema: a state that was there before needs no check to be there again. */
async function familyOf(
  key: string,
  version: number,
  reader: StoreReader,
): Promise<{ readonly definition: StateDefinition; readonly id: string }> {
  const slash = key.indexOf("/");
  const name = key.slice(0, Math.max(0, slash));
  if (isReservedFamily(name))
    throw new TroupeError(
      "invalid-options",
      `${key} is written by Troupe itself: an earlier version of it is of no use`,
    );
  const newest = await reader.stored(key);
  if (newest === undefined || slash < 1)
    throw new TroupeError("no-such-key", `there is no key ${key}`, { details: { key } });
  const found = await reader.at(key, version);
  return {
    definition: defineFamily({ name, version: Math.max(newest.schema, found?.schema ?? 0), schema: v.unknown() }),
    id: key.slice(slash + 1),
  };
}

function notThere(name: string, workflows: readonly WorkflowDefinition[]): TroupeError {
  const known = workflows.map((one) => `${one.name}@${one.version}`).join(", ");
  const instead = known === "" ? "the option workflows of createSystem lists them" : `there are ${known}`;
  return new TroupeError("definition-not-found", `no workflow ${name} can be started here: ${instead}`, {
    details: { name },
  });
}
