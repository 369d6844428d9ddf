/** Holds the entries of the package to what their declarations refer to. Reads `dist`, so build before. */

import { describe, expect, it } from "vitest";
import { plumbing } from "../../scripts/api/plumbing.ts";
import { PublicSurface } from "../../scripts/api/public-surface.ts";

const surface = new PublicSurface();

describe("what public declarations refer to", () => {
  const missing = [...surface.notExported()].map(([{ name }, { name: by }]) => ({ name, by }));

  it("is exported by name, except for plumbing", () => {
    expect(missing.filter(({ name }) => !Object.hasOwn(plumbing, name))).toEqual([]);
  });

  it("needs all of the plumbing that is listed", () => {
    const names = new Set(missing.map(({ name }) => name));
    expect(Object.keys(plumbing).filter((name) => !names.has(name))).toEqual([]);
  });
});
