import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type AgentDefinition, defineAgent } from "../../../src/agents/agent-definition.ts";
import { checkContract } from "../../../src/contracts/contract.ts";
import type { BreakerOptions } from "../../../src/agents/policies/breaker.ts";
import { failureText, outcomeOf } from "../../../src/agents/policies/call-outcome.ts";
import { AskError } from "../../../src/errors/ask-error.ts";
import type { ErrorCode } from "../../../src/errors/error-code.ts";
import { decodeError, encodeError } from "../../../src/errors/error-codec.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";

function agentWith(breaker: BreakerOptions | false = {}): AgentDefinition {
  return defineAgent("test:agents", {
    name: "doubler",
    version: "1.0.0",
    input: v.number(),
    output: v.number(),
    execute: (n) => 2 * n,
    policies: { breaker },
  });
}

function handlerFailed(cause: Error): AskError {
  return new AskError("failed", "handler-failed", "it threw", { cause, details: { to: "1/x", type: "pay" } });
}

function violation(agent: string, direction: "input" | "output"): unknown {
  try {
    return checkContract(v.number(), "three", { agent, version: "1.0.0", direction, side: "receiver" });
  } catch (error) {
    return error;
  }
}

describe("an error says of the agent that", () => {
  it.each(["cancelled", "run-cancelled", "actor-stopped", "system-closed"] satisfies ErrorCode[])(
    "nothing, for %s",
    (code) => expect(outcomeOf(agentWith(), new TroupeError(code, code))).toBe("excused"),
  );

  it("the call was lost, for thread-died", () =>
    expect(outcomeOf(agentWith(), new AskError("failed", "thread-died", "gone"))).toBe("lost"));

  it.each(["timed-out"] satisfies ErrorCode[])("its outcome is unknown, for %s", (code) =>
    expect(outcomeOf(agentWith(), new AskError("failed", code, code))).toBe("unknown"),
  );

  it.each([
    new TypeError("cents is undefined"),
    new DOMException("too slow", "TimeoutError"),
    new AggregateError([], "none of them"),
    Object.assign(new Error("reset"), { code: "ECONNRESET" }),
    Object.assign(new Error("no such host"), { code: "EAI_AGAIN" }),
    Object.assign(new Error("socket"), { code: "UND_ERR_SOCKET" }),
    Object.assign(new Error("overloaded"), { status: 503 }),
    Object.assign(new Error("slow down"), { statusCode: 429 }),
    Object.assign(new Error("bad gateway"), { response: { status: 502 } }),
    new Error("the rating failed", { cause: new Error("once more", { cause: { code: "ECONNREFUSED" } }) }),
    new TroupeError("not-cloneable", "it is a function", { details: { path: [], kind: "a function" } }),
    handlerFailed(Object.assign(new Error("overloaded"), { status: 500 })),
  ])("something is broken, for %s, also from another thread", (thrown) => {
    expect(outcomeOf(agentWith(), thrown)).toBe("failed");
    expect(outcomeOf(agentWith(), decodeError(encodeError(thrown)))).toBe("failed");
  });

  class Declined extends Error {
    override readonly name = "Declined";
  }

  it.each([
    new Error("the card was declined"),
    new Declined("not this card"),
    "no",
    undefined,
    Object.assign(new Error("not found"), { status: 404 }),
    Object.assign(new Error("declined"), { code: "card_declined", statusCode: 402 }),
    Object.assign(new Error("full"), { code: "E_FULL" }),
    handlerFailed(new Error("the other one says no")),
    new TroupeError("conflict", "another commit came first", { details: { run: "r", known: 1, found: 2 } }),
  ])("all is well, for %s: that is an answer", (thrown) => {
    expect(outcomeOf(agentWith(), thrown)).toBe("excused");
    expect(outcomeOf(agentWith(), decodeError(encodeError(thrown)))).toBe("excused");
  });

  it("all is well, for an error that can't be read or whose causes don't end", () => {
    const endless: { readonly cause: unknown } = {
      get cause() {
        return endless;
      },
    };
    expect(outcomeOf(agentWith(), endless)).toBe("excused");
    const hostile = Object.defineProperty(new Error("no"), "status", {
      get() {
        throw new Error("not even that");
      },
    });
    expect(outcomeOf(agentWith(), hostile)).toBe("excused");
  });

  it("whatever its breaker counts", () => {
    expect(outcomeOf(agentWith({ counts: () => true }), new Error("the card was declined"))).toBe("failed");
  });

  it("nothing, for an input of its caller; but it failed for its output, and for its own calls of others", () => {
    expect(outcomeOf(agentWith(), violation("doubler", "input"))).toBe("excused");
    expect(outcomeOf(agentWith(), decodeError(encodeError(violation("doubler", "input"))))).toBe("excused");
    expect(outcomeOf(agentWith(), violation("doubler", "output"))).toBe("failed");
    expect(outcomeOf(agentWith(), violation("tripler", "input"))).toBe("failed");
  });

  it("nothing, for an error that its breaker doesn't count", () => {
    const agent = agentWith({ counts: ["ECONNRESET", (error) => error instanceof RangeError] });
    expect(outcomeOf(agent, new Error("boom"))).toBe("excused");
    expect(outcomeOf(agent, new RangeError("far"))).toBe("failed");
    expect(outcomeOf(agent, Object.assign(new Error("reset"), { code: "ECONNRESET" }))).toBe("failed");
    expect(outcomeOf(agentWith(false), new Error("boom"))).toBe("failed");
  });
});

describe("the text of a failure", () => {
  it("has the code and the message, and is cut where it is long", () => {
    expect(failureText(new TroupeError("timed-out", "too late"))).toBe("timed-out: too late");
    expect(failureText(new Error("boom"))).toBe("boom");
    expect(failureText("as it is")).toBe("as it is");
    expect(failureText(undefined)).toBe("");
    expect(failureText(new Error("x".repeat(2_000)))).toBe(`${"x".repeat(500)}…`);
  });
});
