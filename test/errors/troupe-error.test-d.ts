import { expectTypeOf, it } from "vitest";
import { AskError } from "../../src/errors/ask-error.ts";
import type { ErrorCode, errorCodes } from "../../src/errors/error-code.ts";
import type { ErrorDetails, ErrorDetailsByCode } from "../../src/errors/error-details.ts";
import { isTroupeError, TroupeError } from "../../src/errors/troupe-error.ts";
import { isConflictError } from "../../src/store/versions/conflict-error.ts";
import type { Snapshot } from "../../src/store/versions/snapshot.ts";

declare const caught: unknown;

it("lists every code, and each code's details can cross a thread as JSON", () => {
  expectTypeOf<(typeof errorCodes)[number]>().toEqualTypeOf<keyof ErrorDetailsByCode>();
  expectTypeOf<ErrorDetailsByCode>().toExtend<Readonly<Record<ErrorCode, ErrorDetails>>>();
});

it("narrows the details by the code that isTroupeError is given", () => {
  if (isTroupeError(caught, "step-failed")) {
    expectTypeOf(caught.code).toEqualTypeOf<"step-failed">();
    expectTypeOf(caught.details).toEqualTypeOf<{ readonly run: string; readonly step: string }>();
    // @ts-expect-error no such detail
    void caught.details.stpe;
  }
  if (isTroupeError(caught, "no-such-version")) expectTypeOf(caught.details.newest).toEqualTypeOf<number | undefined>();
  if (isConflictError(caught)) expectTypeOf(caught.details.theirs).toEqualTypeOf<Snapshot | undefined>();
});

it("narrows an error of any code as well, and leaves it as it was where the code is another", () => {
  const error = caught as TroupeError;
  expectTypeOf(error.details).toEqualTypeOf<ErrorDetails>();
  if (isTroupeError(error, "overloaded")) expectTypeOf(error.details.inFlight).toEqualTypeOf<number>();
  else expectTypeOf(error).toEqualTypeOf<TroupeError>();
  const asked = caught as AskError;
  if (isTroupeError(asked, "mailbox-full")) expectTypeOf(asked.details.to).toEqualTypeOf<string>();
});

it("lets an error of one code pass for an error of any", () => {
  expectTypeOf<TroupeError<"deadlock">>().toExtend<TroupeError>();
  expectTypeOf<AskError<"timed-out">>().toExtend<AskError>();
  expectTypeOf<AskError<"timed-out">>().toExtend<TroupeError<"timed-out">>();
});

it("holds the constructors to the details of the code, also where the error is returned as one of any code", () => {
  const made = (): TroupeError => new TroupeError("step-failed", "no", { details: { run: "r", step: "s" } });
  expectTypeOf(made).returns.toEqualTypeOf<TroupeError>();
  // @ts-expect-error the step is missing
  const lacking = (): TroupeError => new TroupeError("step-failed", "no", { details: { run: "r" } });
  // @ts-expect-error the details are missing
  const bare = (): TroupeError => new TroupeError("step-failed", "no");
  // @ts-expect-error no such detail
  const more = (): TroupeError => new TroupeError("timed-out", "late", { details: { agnt: "a" } });
  // @ts-expect-error of another type
  const wrong = (): AskError => new AskError("rejected", "mailbox-full", "full", { details: { to: "a", type: 1 } });
  void [lacking, bare, more, wrong];
});

it("takes any details where the code isn't known", () => {
  const code = caught as ErrorCode;
  expectTypeOf(new TroupeError(code, "again", { details: { any: 1 } })).toExtend<TroupeError>();
  expectTypeOf(new TroupeError(code, "bare")).toExtend<TroupeError>();
});
