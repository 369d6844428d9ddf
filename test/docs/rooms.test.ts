/** The picture of the rooms has the rooms that there are. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { floors, inner } from "../../scripts/rooms.mjs";

it("shows each room of src, and of its runtime", () => {
  const picture = readFileSync(new URL("../../docs/pictures/rooms.svg", import.meta.url), "utf8");
  const shown = [...picture.matchAll(/<text class="mid"[^>]*>([^<]*)</g)].map(([, text]) => text);
  const top = floors.flat().filter((room) => room !== "runtime");
  const sorted = (rooms: readonly (string | undefined)[]): string =>
    rooms
      .map(String)
      .toSorted((a, b) => a.localeCompare(b))
      .join(" ");
  expect(sorted(shown)).toBe(sorted([...top, ...(inner["runtime"]?.flat() ?? [])]));
});
