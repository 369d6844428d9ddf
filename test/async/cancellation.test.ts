import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/async/cancellation.ts";

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

  it("tells each listener once, in the order added; those that come later at once", () => {
    const cancellation = new Cancellation();
    const told: string[] = [];
    const listener = (name: string) => ({ abort: (error: unknown) => void told.push(`${name} ${String(error)}`) });
    const gone = listener("gone");
    cancellation.add(listener("first"));
    cancellation.add(gone);
    cancellation.add(listener("second"));
    cancellation.remove(gone);
    cancellation.abort("late");
    cancellation.abort("again");
    cancellation.add(listener("third"));
    expect(told).toEqual(["first late", "second late", "third late"]);
    expect(cancellation.reason).toEqual({ error: "late" });
  });

  it("makes its reason once, when something looks at it", () => {
    let made = 0;
    const cancellation = new Cancellation();
    cancellation.abortBy(() => `reason ${++made}`);
    cancellation.abortBy(() => `reason ${++made}`);
    cancellation.abort("second");
    expect(made).toBe(0);
    const told: unknown[] = [];
    cancellation.add({ abort: (error) => void told.push(error) });
    expect([told, cancellation.reason?.error, cancellation.signal.reason]).toEqual([
      ["reason 1"],
      "reason 1",
      "reason 1",
    ]);
  });

  it("makes its reason at once where something looks already", () => {
    const [listened, looked] = [new Cancellation(), new Cancellation()];
    const told: unknown[] = [];
    listened.add({ abort: (error) => void told.push(error) });
    const { signal } = looked;
    for (const cancellation of [listened, looked]) cancellation.abortBy(() => "late");
    expect([told, signal.reason]).toEqual([["late"], "late"]);
  });

  it("may be what another one listens with, and a listener may listen no more when it is told", () => {
    const [outer, inner] = [new Cancellation(), new Cancellation()];
    outer.add(inner);
    inner.add({ abort: () => outer.remove(inner) });
    outer.abort("late");
    expect(inner.reason).toEqual({ error: "late" });
    new Cancellation().remove(inner);
  });
});
