/** The models that histories are checked against: those that Troupe has, by name, or one that a module exports. */

import * as v from "valibot";
import { counter } from "../../checkers/models/counter.ts";
import { keyValue } from "../../checkers/models/key-value.ts";
import { lock } from "../../checkers/models/lock.ts";
import { queue } from "../../checkers/models/queue.ts";
import { register } from "../../checkers/models/register.ts";
import { byKey } from "../../checkers/models/by-key.ts";
import type { SequentialModel } from "../../checkers/sequential-model.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Answers } from "../input/history-operations.ts";
import { loadExports } from "./load-exports.ts";

type AnyModel = SequentialModel<unknown, unknown, unknown>;

/** A model, and how a history's events are read for it. */
export interface ReadModel {
  readonly model: AnyModel;
  /** What the inputs have to be. */
  readonly inputs: v.GenericSchema;
  readonly answers: Answers;
}

const any = v.optional(v.unknown(), null);
const call = <const F extends string>(f: F) => v.object({ f: v.literal(f), key: v.optional(v.unknown()) });
const callWith = <const F extends string, Value extends v.GenericSchema>(f: F, value: Value) =>
  v.object({ ...call(f).entries, value });

const registerInputs = v.variant("f", [call("read"), callWith("write", any), callWith("cas", v.tuple([any, any]))]);
const kvInputs = v.variant("f", [
  v.object({ f: v.literal("get"), key: v.string() }),
  v.object({ f: v.picklist(["put", "append"]), key: v.string(), value: v.string() }),
]);
const counterInputs = v.variant("f", [call("read"), callWith("add", v.number()), callWith("add-and-get", v.number())]);
const queueInputs = v.variant("f", [callWith("enqueue", any), call("dequeue")]);
const lockInputs = v.variant("f", [
  callWith("acquire", v.union([v.string(), v.number()])),
  callWith("release", v.union([v.string(), v.number()])),
]);

const answering = new Set(["read", "get", "add-and-get", "dequeue"]);
const done = new Set(["cas", "acquire", "release"]);
const answers: Answers = (f) => (answering.has(f) ? "value" : done.has(f) ? "done" : "nothing");

const known: Readonly<Record<string, ReadModel>> = {
  register: { model: byKey(register<unknown>(null)), inputs: registerInputs, answers },
  kv: { model: keyValue, inputs: kvInputs, answers },
  counter: { model: byKey(counter), inputs: counterInputs, answers },
  queue: { model: byKey(queue<unknown>()), inputs: queueInputs, answers },
  lock: { model: byKey(lock), inputs: lockInputs, answers },
};

export const modelNames = Object.keys(known);

const modelSchema = v.object({ name: v.string(), initial: v.optional(v.unknown()), next: v.function() });

/**
 * The model of that name, or the one that `MODULE#EXPORT` is. For a module's model, the inputs and answers of
 * operations are taken as the events have them.
 *
 * @throws TroupeError (as a rejection) `definition-not-found` when there is no such model; as {@link loadExports}.
 */
export async function loadModel(given: string, cwd: string): Promise<ReadModel> {
  const found = Object.hasOwn(known, given) ? known[given] : undefined;
  if (found !== undefined) return found;
  const [, module, name] = /^(.+)#([^#]+)$/.exec(given) ?? [];
  if (module === undefined || name === undefined)
    throw new TroupeError(
      "definition-not-found",
      `there is no model ${JSON.stringify(given)}: take one of ${modelNames.join(", ")}, or give your own as MODULE#EXPORT`,
    );
  const model: unknown = ((await loadExports(module, cwd)) as Readonly<Record<string, unknown>>)[name];
  if (!v.is(modelSchema, model))
    throw new TroupeError("definition-not-found", `${module}: its export ${name} is no model with a name and next()`, {
      details: { module, name },
    });
  return { model: model as unknown as AnyModel, inputs: v.unknown(), answers: () => "value" };
}
