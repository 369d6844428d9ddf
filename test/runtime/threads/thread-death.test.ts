/** Why a thread died, in words and in details, from what the platform and the thread say. */

import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import { encodeError } from "../../../src/errors/error-codec.ts";
import { threadDied, threadStalled } from "../../../src/runtime/threads/thread-death.ts";

const outOfMemory = Object.assign(new Error("limit reached"), { code: "ERR_WORKER_OUT_OF_MEMORY" });

describe("a thread's death", () => {
  it("is what the thread said, rather than what the platform makes of it", () => {
    const own = Object.assign(new Error("mine", { cause: "a cause" }), { code: "E_MINE" });
    const error = threadDied(
      hostId(3),
      { thrown: new Error("made of it") },
      { kind: "threw", error: encodeError(own) },
    );
    expect(error).toMatchObject({
      code: "thread-died",
      message: "thread 3 died: code on it threw outside of any handler: mine",
      details: { thread: 3, how: "threw" },
      cause: { message: "mine", code: "E_MINE", cause: "a cause" },
    });
  });

  it("tells a rejection from something thrown", () => {
    const error = threadDied(hostId(3), { thrown: "x" }, { kind: "rejected", error: encodeError("x") });
    expect(error).toMatchObject({
      message: "thread 3 died: a promise was rejected on it, and no code handled that: x",
      details: { how: "rejected" },
      cause: "x",
    });
  });

  it("is the code that a thread exited with", () => {
    const error = threadDied(hostId(3), undefined, { kind: "exited", code: 0 });
    expect(error).toMatchObject({
      message: "thread 3 died: code on it called process.exit(0)",
      details: { how: "exited", exitCode: 0 },
    });
    expect("cause" in error).toBe(false);
  });

  it("is what the platform reports, where the thread could say nothing", () => {
    expect(threadDied(hostId(3), { thrown: outOfMemory }, undefined)).toMatchObject({
      details: { how: "out-of-memory" },
      cause: outOfMemory,
    });
    expect(threadDied(hostId(3), { thrown: new Error("preload") }, undefined)).toMatchObject({
      message: "thread 3 died: code on it threw outside of any handler: preload",
      details: { how: "threw" },
    });
    expect(threadDied(hostId(3), { thrown: undefined }, undefined)).toMatchObject({ details: { how: "threw" } });
    expect(threadDied(hostId(3), undefined, undefined)).toMatchObject({
      message: "thread 3 died: it was terminated from outside",
      details: { thread: 3, how: "terminated" },
    });
  });

  it("is how long it stood still, in whole milliseconds", () => {
    const error = threadStalled(hostId(3), 5512.7, 5000);
    expect(error.message).toMatch(
      /^thread 3 died: it stood still for 5513 ms \(stallTimeout is 5000\), and was killed/,
    );
    expect(error).toMatchObject({
      code: "thread-died",
      details: { thread: 3, how: "stalled", stillFor: 5513, stallTimeout: 5000 },
    });
  });
});
