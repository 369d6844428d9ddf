/** Finds checks that return a promise without being declared `async`: valibot would take the promise for "true". */

/** The types of a schema's parts that ask a function of the author's whether a value is right. */
const types: ReadonlySet<unknown> = new Set([
  "custom",
  "check",
  "check_items",
  "every_item",
  "some_item",
  "partial_check",
  "filter_items",
  "find_item",
]);
/** The fields of these parts that hold the function. */
const fields: ReadonlySet<string> = new Set(["check", "requirement", "operation"]);
/** Says of a function that it is a guard already. */
const mark: unique symbol = Symbol.for("troupe.guarded-check");

type Check = ((this: unknown, ...given: unknown[]) => unknown) & { readonly [mark]?: true };

/**
 * Has a part of a schema throw where its check, in `field`, returns a promise. The part is changed in place, since valibot keeps
 * using the parts that it was given; nothing else in it changes.
 */
export function guardCheck(part: { readonly type?: unknown }, field: string, check: Check): void {
  if (!types.has(part.type) || !fields.has(field) || check[mark] === true) return;
  const guard: Check = function (...given) {
    const answer = check.apply(this, given);
    if (!isPromise(answer)) return answer;
    answer.then(undefined, () => undefined); // the error below stands for whatever it comes to
    throw new TypeError("a check of it returned a promise, which can't be waited for. Check that in the code");
  };
  Reflect.set(part, field, Object.defineProperty(guard, mark, { value: true })); // a part that is frozen stays as it is
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
