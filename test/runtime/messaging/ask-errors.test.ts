import { describe, expect, it } from "vitest";
import { hostId, makeAddress } from "../../../src/actors/address.ts";
import { AskError } from "../../../src/errors/ask-error.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { DeadLetterReason } from "../../../src/runtime/transport/envelope.ts";
import { begunBefore, notHandled, departed, threadLost, notSent } from "../../../src/runtime/messaging/ask-errors.ts";

const message = { to: makeAddress(hostId(1), "ada"), type: "count" };
const of = ({ outcome, code, mayHaveRun }: AskError) => [outcome, code, mayHaveRun];

describe("the error of a message that was not handled", () => {
  it.each<[DeadLetterReason, string, string, boolean]>([
    ["no-such-actor", "rejected", "no-such-actor", false],
    ["actor-stopped", "rejected", "actor-stopped", false],
    ["overflow", "rejected", "mailbox-full", false],
    ["expired", "rejected", "timed-out", false],
    ["system-closed", "rejected", "system-closed", false],
    ["thread-died", "failed", "thread-died", true],
    ["max-deliveries", "failed", "max-deliveries", true],
  ])("%s: %s, %s, may have run: %s", (reason, outcome, code, mayHaveRun) => {
    const error = notHandled(message, reason);
    expect(of(error)).toEqual([outcome, code, mayHaveRun]);
    expect(error.message).toContain("1/ada");
    expect(error.details).toEqual(message);
    expect(error).not.toHaveProperty("cause");
  });

  it("has a cause where one is known", () => {
    const cause = new Error("out of memory");
    expect(notHandled(message, "thread-died", cause).cause).toBe(cause);
    const error = threadLost(message, cause);
    expect(of(error)).toEqual(["rejected", "thread-died", false]);
    expect(error.cause).toBe(cause);
  });

  it.each([
    ["actor-stopped", "failed"],
    ["expired", "timed-out"],
  ] as const)("says of one that was begun before, and is %s, that it may have run", (reason, outcome) => {
    const error = begunBefore(notHandled(message, reason));
    expect([error.outcome, error.mayHaveRun]).toEqual([outcome, true]);
    expect(error.code).toBe(notHandled(message, reason).code);
    expect(error.message).toContain("it had begun to");
    expect(begunBefore(error)).toBe(error);
  });

  it("keeps the cause of what was begun before", () => {
    const cause = new Error("out of memory");
    expect(begunBefore(threadLost(message, cause))).toMatchObject({ outcome: "failed", details: message, cause });
    expect(begunBefore(notHandled(message, "expired"))).not.toHaveProperty("cause");
  });

  it("is one that says so where it could not even be sent", () => {
    const error = notSent(
      new TroupeError("not-cloneable", "a function", { details: { path: ["f"], kind: "a function" } }),
    );
    expect(of(error as AskError)).toEqual(["rejected", "not-cloneable", false]);
    expect(error).toMatchObject({ message: "a function", details: { path: ["f"] } });
    const bug = new TypeError("a getter threw");
    expect(notSent(bug)).toBe(bug);
    const details = { path: ["f"], kind: "a getter" };
    expect(notSent(new TroupeError("not-cloneable", "a getter", { cause: bug, details }))).toMatchObject({
      cause: bug,
    });
    const full = new AskError("rejected", "mailbox-full", "full", { details: { to: "1/a", type: "add" } });
    expect(notSent(full)).toBe(full);
  });

  it("says of an actor that is gone what is known of why", () => {
    const said = (["stopped", "thread-died", "left-behind", "no-such-actor", "failed"] as const).map((reason) => {
      const { letter, toError } = departed(reason);
      return [letter, ...of(toError(message))];
    });
    expect(said).toEqual([
      ["actor-stopped", "rejected", "actor-stopped", false],
      ["thread-died", "rejected", "thread-died", false],
      ["actor-stopped", "failed", "actor-stopped", true],
      ["no-such-actor", "rejected", "no-such-actor", false],
      ["actor-stopped", "rejected", "actor-stopped", false],
    ]);
  });
});
