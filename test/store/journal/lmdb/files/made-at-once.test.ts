/** Journals that are opened at the same moment where there is no folder yet. Wants `npm run build` first. */

import { spawnSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { prepareToOpen } from "../../../../../src/store/journal/lmdb/files/openable.ts";

const program = fileURLToPath(new URL("../../fixtures/made-at-once.mjs", import.meta.url));

it("a folder that two threads make at once is made by one, and there for the other", () => {
  const base = mkdtempSync(join(tmpdir(), "troupe-at-once-"));
  try {
    const { status, stderr } = spawnSync(process.execPath, [program, base], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    for (const one of readdirSync(base)) expect(readdirSync(join(base, one, "new")).toSorted()).toEqual(["0", "1"]);
  } finally {
    rmSync(base, { recursive: true });
  }
});

it("a file that is there after it was found missing is made anew: an owner of before has left it", () => {
  const base = mkdtempSync(join(tmpdir(), "troupe-left-"));
  const file = join(base, "draft.mdb");
  try {
    symlinkSync(join(base, "nowhere"), file); // a look finds nothing behind it, and it can't be made
    prepareToOpen(file, { readOnly: false });
    expect(lstatSync(file).isFile()).toBe(true);
  } finally {
    rmSync(base, { recursive: true });
  }
});
