/** Runs a recipe over a draft of a state: the only place where the store uses immer. */

import { Immer, type Draft } from "immer";
import { caught, messageOf } from "../../errors/caught.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { sentence } from "../../values/sentence.ts";
import { kindOf } from "../../values/value-copier.ts";

/**
 * Changes a draft, or returns a new state to replace it. Must be synchronous and without side effects: it runs again
 * when the state has changed meanwhile.
 *
 * @since 0.1.0
 */
export type Recipe<S> = (draft: Draft<S>) => void | S | Draft<S>;

/**
 * An instance of its own, so that an application's `setAutoFreeze` doesn't affect the store. `seal.ts` freezes the
 * results.
 */
const immer = new Immer({ autoFreeze: false });

/**
 * Returns the next state: `base` itself when the recipe changed nothing.
 *
 * @param what names the commit in errors.
 * @throws TroupeError `recipe-failed` when the recipe throws, returns a promise, or changes the draft and returns a
 * state too.
 */
export function runRecipe<S>(base: S, recipe: Recipe<S>, what: string): unknown {
  let result: unknown;
  try {
    return immer.produce(base, (draft) => {
      result = recipe(draft);
      if (!isThenable(result)) return result as Draft<S>;
      result.then(undefined, () => undefined); // it rejects once the draft is revoked, which is reported already
      throw new AsyncRecipe();
    });
  } catch (thrown) {
    const cause = caught(thrown);
    throw cause instanceof AsyncRecipe ? asyncRecipe(what) : failedRecipe(what, cause, kindOf(thrown));
  }
}

/** Only ever thrown and caught in this file. */
class AsyncRecipe extends Error {}

/** @param did what the recipe did wrong, as the predicate of a sentence. */
export function recipeFailed(what: string, did: string, cause?: unknown): TroupeError {
  return new TroupeError("recipe-failed", `${sentence(`The recipe of ${what} ${did}`)} Nothing was committed.`, {
    details: { what },
    ...(cause === undefined ? {} : { cause }),
  });
}

function asyncRecipe(what: string): TroupeError {
  return recipeFailed(
    what,
    "returned a promise. Await what it needs before the commit, and change the draft synchronously",
  );
}

function failedRecipe(what: string, cause: unknown, kind: string): TroupeError {
  return recipeFailed(what, `threw: ${cause instanceof Error ? messageOf(cause) : kind}`, cause);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
