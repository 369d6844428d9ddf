/** A system inside a thread of a system would start further ones without end. */

import { expect, it } from "vitest";
import { createSystem } from "troupe";
import { unlucky } from "../../fixtures/starts-a-system.ts";

it("is refused, and the error says what to do", async () => {
  await using system = await createSystem({ threads: 1 });
  await expect(system.spawn(unlucky)).rejects.toMatchObject({
    code: "module-failed",
    message: expect.stringContaining("Start the system in a module of its own"),
    cause: { code: "invalid-options" },
  });
});
