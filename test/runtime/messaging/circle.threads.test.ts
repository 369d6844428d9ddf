/** Actors that ask each other in a circle, each waiting for the next, are told so when their time is up. */

import { expect, it } from "vitest";
import { createSystem } from "troupe";
import { relayer } from "../../fixtures/forwarder.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

it.each([[1], [2], [3]])("a circle of %i actors is named", async (length) => {
  await using system = await createSystem({ threads: 2, askTimeout: 3_000 });
  const actors = await Promise.all(Array.from({ length }, () => system.spawn(relayer)));
  const [first, ...others] = actors;
  expect(await first!.ask("pass", { path: others })).toBe("arrived");
  const circle = [...actors, first!].map(({ address }) => address).join(" > ");
  const error = (await rejectionOf(first!.ask("pass", { path: [...others, first!] }))) as Error;
  expect(error).toMatchObject({ code: "handler-failed", details: { to: first!.address } });
  expect(error.message).toContain(`Each of ${circle} asks the next one and waits`);
});
