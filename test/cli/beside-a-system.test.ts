/** The command looks into a journal that a system in another process is writing, and doesn't write there itself. */

import { join } from "node:path";
import * as v from "valibot";
import { expect, it } from "vitest";
import { lmdbJournal } from "../../src/store/journal/lmdb/lmdb-journal.ts";
import { OwnedStore } from "../../src/store/owned-store.ts";
import { defineState } from "../../src/store/versions/define-state.ts";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { fixedClock } from "../store/support/fixed-clock.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { troupeProcesses } from "./troupe-processes.ts";

const { folder } = temporaryFiles();
const { troupe } = troupeProcesses(folder);
const account = defineState({ name: "account", version: 1, schema: v.object({ cents: v.number() }) });

it("reads what is written, and is refused what would write", async () => {
  const journal = await lmdbJournal(join(folder, "state"));
  const authority = new StoreAuthority({ journal, clock: fixedClock(0) });
  const store = new OwnedStore(authority, { author: "owner" });
  await store.put(account, "ada", { cents: 1 });
  await store.put(account, "ada", { cents: 2 });
  expect((await troupe("history", "--journal", "state", "account/ada")).stdout).toBe(
    "@2 1970-01-01T00:00:00.000Z owner\n@1 1970-01-01T00:00:00.000Z owner\n",
  );
  await store.put(account, "ada", { cents: 3 });
  expect(await troupe("diff", "--journal", "state", "account/ada")).toMatchObject({
    code: 0,
    stdout: "~ /cents 2 → 3\n",
  });
  const { code, stdout, stderr } = await troupe("revert", "--journal", "state", "account/ada", "1");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(String(process.pid));
  await store.put(account, "ada", { cents: 4 });
  expect((await troupe("verify", "--journal", "state")).stdout).toContain("in use");
  await authority.close();
  expect((await troupe("revert", "--journal", "state", "account/ada", "1")).stdout).toBe(
    "account/ada is at version 5, which is as version 1 was\n",
  );
  expect((await troupe("verify", "--journal", "state")).stdout).toMatch(
    /^1 keys, 5 whole versions, \d+ bytes\nall is whole\n$/,
  );
});
