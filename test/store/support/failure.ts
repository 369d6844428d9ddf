import { expect } from "vitest";

/** What a promise rejects with. Listens at once, so that the rejection is never unhandled. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`expected a failure, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}
