import { describe, expect, it } from "vitest";
import type { Permit } from "../../../src/agents/policies/permit.ts";
import { recordGate } from "../../../src/agents/policies/recorded-gate.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { MaybePromise } from "../../../src/async/maybe-promise.ts";
import { simulateOnce } from "../../../src/testing/simulator/simulate.ts";
import type { Span } from "../../../src/traces/span.ts";
import { Recorder } from "../../../src/traces/recorder.ts";
import { courier } from "./courier.ts";
import { traceparentOf } from "../../../src/traces/traceparent.ts";

const permit = (breaker?: "half-open"): Permit => ({
  ...(breaker && { breaker }),
  begin: () => undefined,
  settle: () => undefined,
  release: () => undefined,
});
const trace = { traceparent: traceparentOf("a".repeat(32), "b".repeat(16), true) };
const isOpen = new TroupeError("breaker-open", "it is open", { details: { status: "open" } as never });

/** What is recorded of a call's admission: its breaker, and its failure. */
async function recorded(admit: () => MaybePromise<Permit>): Promise<unknown[]> {
  const recorder = new Recorder({
    seed: "s",
    sample: 1,
    content: "none",
    capacity: 10,
    now: () => 1,
    onRecord: () => undefined,
  });
  try {
    await recordGate({ recorder, trace, agent: "oracle" }, admit);
  } catch {
    // as the gate has it
  }
  return (recorder.take()?.spans ?? []).map(({ name, parentId, end, attributes, failure }) => {
    expect([name, parentId, end, attributes["gen_ai.agent.name"]]).toEqual([
      "gate oracle",
      "b".repeat(16),
      1,
      "oracle",
    ]);
    return [attributes["troupe.breaker.state"], failure];
  });
}

describe("the gate in a trace", () => {
  it("tells nothing of a closed breaker that lets a call ahead at once", async () => {
    expect(await recorded(() => permit())).toEqual([]);
  });

  it("tells that a call waited, that it was a probe, and that the open breaker turned it away", async () => {
    expect(await recorded(() => Promise.resolve(permit()))).toEqual([[undefined, undefined]]);
    expect(await recorded(() => permit("half-open"))).toEqual([["half-open", undefined]]);
    expect(await recorded(() => Promise.resolve(permit("half-open")))).toEqual([["half-open", undefined]]);
    expect(await recorded(() => Promise.reject(isOpen))).toEqual([["open", "breaker-open"]]);
    const refuse = (): never => {
      throw isOpen;
    };
    expect(await recorded(refuse)).toEqual([["open", "breaker-open"]]);
  });

  it("tells nothing of what was no wait and no matter of the breaker", async () => {
    const refuse = (): never => {
      throw new TroupeError("bulkhead-full", "it is full", { details: {} as never });
    };
    expect(await recorded(refuse)).toEqual([]);
  });

  it("passes on what the gate answers, also where nothing is recorded", async () => {
    const given = permit();
    expect(recordGate({ recorder: undefined, trace, agent: "oracle" }, () => given)).toBe(given);
    const refused = Promise.reject(isOpen);
    await expect(recordGate({ recorder: undefined, trace: undefined, agent: "oracle" }, () => refused)).rejects.toBe(
      isOpen,
    );
  });
});

it("is in the trace of a call that the open breaker turned away, on another thread", async () => {
  const spans: Span[] = [];
  const telemetry = { traces: { take: (some: readonly Span[]) => void spans.push(...some) } };
  await simulateOnce(
    async ({ system }) => {
      await expect(system.call(courier, {})).rejects.toThrow("ill");
      await expect(system.call(courier, {})).rejects.toThrow(expect.objectContaining({ code: "breaker-open" }));
    },
    1,
    { system: { telemetry }, expects: () => true },
  );
  const gates = spans.filter(({ attributes }) => attributes["troupe.breaker.state"] !== undefined);
  expect(gates.map(({ name, failure, attributes }) => [name, failure, attributes["troupe.breaker.state"]])).toEqual([
    ["gate courier", "breaker-open", "open"],
  ]);
});
