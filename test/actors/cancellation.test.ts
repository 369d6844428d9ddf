import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/actors/cancellation.ts";

describe("a cancellation", () => {
  it("throws nothing until it is aborted, and then its reason", () => {
    const cancellation = new Cancellation();
    cancellation.throwIfAborted();
    const reason = new Error("no longer wanted");
    cancellation.abort(reason);
    expect(() => cancellation.throwIfAborted()).toThrow("no longer wanted");
  });

  it("aborts the signal that was looked at before, telling its listeners", () => {
    const cancellation = new Cancellation();
    const { signal } = cancellation;
    const reasons: unknown[] = [];
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    cancellation.abort("late");
    expect(reasons).toEqual(["late"]);
    expect(cancellation.signal).toBe(signal);
  });

  it("has an aborted signal for who looks only then", () => {
    const cancellation = new Cancellation();
    cancellation.abort("early");
    expect([cancellation.signal.aborted, cancellation.signal.reason]).toEqual([true, "early"]);
  });

  it("keeps its first reason, also if that is undefined", () => {
    const cancellation = new Cancellation();
    cancellation.abort(undefined);
    cancellation.abort("second");
    expect(cancellation.signal.aborted).toBe(true);
    expect(cancellation.signal.reason).toBeInstanceOf(DOMException); // as an AbortController's is
    expect(() => cancellation.throwIfAborted()).toThrow("aborted");
  });
});
