import type { ErrorCode } from "../../../src/errors/error-code.ts";
import { describe, expect, it } from "vitest";
import { decodeError, encodeError } from "../../../src/errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../../../src/errors/troupe-error.ts";
import { ConflictError, isConflictError } from "../../../src/store/versions/conflict-error.ts";
import { recordOf } from "../support/requests.ts";

const theirs = recordOf("a/1", 3, 9).snapshot;
const error = new ConflictError({ key: "a/1", base: 2, mine: { n: 1 }, theirs, attempts: 1 });

describe("a ConflictError", () => {
  it("says what happened and what to do", () => {
    expect(error.message).toBe(
      "The commit to a/1 was computed from version 2, but the newest is 3. Nothing was committed. " +
        "Read the key again and decide anew; details.mine and details.theirs hold both sides.",
    );
    expect(error.name).toBe("ConflictError");
    expect(isTroupeError(error, "conflict")).toBe(true);
    expect(isConflictError(error)).toBe(true);
  });

  it("keeps both sides on the way to another thread", () => {
    const arrived = decodeError(JSON.parse(JSON.stringify(encodeError(error))) as ReturnType<typeof encodeError>);
    expect(isConflictError(arrived) && arrived.details).toEqual({
      key: "a/1",
      base: 2,
      mine: { n: 1 },
      theirs,
      attempts: 1,
    });
  });

  it("is told from other errors", () => {
    expect(isConflictError(new TroupeError<ErrorCode>("conflict", "of another kind"))).toBe(false);
    expect(isConflictError(new TroupeError("no-such-key", "no"))).toBe(false);
    expect(isConflictError(new Error("conflict"))).toBe(false);
    expect(isConflictError(undefined)).toBe(false);
  });
});
