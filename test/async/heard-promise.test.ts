import { expect, it } from "vitest";
import { HeardPromise } from "../../src/async/heard-promise.ts";

const gone = new Error("gone");

/** What is told of promises that no code waited for, once the checks are made. */
async function unheard(use: (promise: HeardPromise<never>) => unknown): Promise<unknown[]> {
  const checks: (() => void)[] = [];
  const told: unknown[] = [];
  const promise = HeardPromise.rejected(gone);
  promise.onUnheard(
    (check) => checks.push(check),
    (error) => told.push(error),
  );
  void use(promise);
  await new Promise((resolve) => setImmediate(resolve));
  for (const check of checks) check();
  return told;
}

it("tells that it was rejected if no code waits for it", async () => {
  expect(await unheard(() => undefined)).toEqual([gone]);
});

it.each<[string, (promise: HeardPromise<never>) => unknown]>([
  ["catch", (promise) => promise.catch(() => undefined)],
  ["then", (promise) => promise.then(undefined, () => undefined)],
  [
    "await",
    async (promise) => {
      try {
        await promise;
      } catch (error) {
        expect(error).toBe(gone);
      }
    },
  ],
  ["a combinator", (promise) => Promise.allSettled([promise])],
  ["an async function that returns it", (promise) => (async () => promise)().catch(() => undefined)],
  ["one that begins to wait before the check", (promise) => setImmediate(() => void promise.catch(() => undefined))],
])("tells nothing if %s hears it", async (_how, use) => {
  expect(await unheard(use)).toEqual([]);
});

it("tells nothing of a promise that resolves", async () => {
  const told: unknown[] = [];
  const promise = new HeardPromise<number>((resolve) => resolve(1));
  promise.onUnheard(
    (check) => check(),
    (error) => told.push(error),
  );
  expect(await promise).toBe(1);
  expect(promise.then()).not.toBeInstanceOf(HeardPromise);
  expect(told).toEqual([]);
});
