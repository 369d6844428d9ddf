import { expect, it } from "vitest";
import { errorCodes } from "../../src/errors/error-code.ts";

it("lists each code once, in kebab-case", () => {
  expect(new Set(errorCodes).size).toBe(errorCodes.length);
  for (const code of errorCodes) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
