/** The commands read and write a journal in PostgreSQL as they do one in a folder. */

import * as v from "valibot";
import { expect, it } from "vitest";
import { OwnedStore } from "../../src/store/owned-store.ts";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { defineState } from "../../src/store/versions/define-state.ts";
import { postgresJournals, sharedPostgres } from "../postgres/shared-postgres.ts";
import { fixedClock } from "../store/support/fixed-clock.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { troupeProcesses } from "./troupe-processes.ts";

const { folder } = temporaryFiles();
const { troupe } = troupeProcesses(folder);
const account = defineState({ name: "account", version: 1, schema: v.object({ cents: v.number() }) });
const url = await sharedPostgres();
const { open, schemaOf, query } = postgresJournals(url);

it.skipIf(url === undefined)("by its URL, beside its owner, and after it", async () => {
  const journal = await open();
  const authority = new StoreAuthority({ journal, clock: fixedClock(0) });
  const store = new OwnedStore(authority, { author: "owner" });
  for (const cents of [1, 2]) await store.put(account, "ada", { cents }, { idempotencyKey: `put ${cents}` });
  const place = new URL(url as string);
  place.password = "secret";
  place.searchParams.set("schema", schemaOf(journal));
  const at = (...args: readonly string[]) => troupe(...args, "--journal", String(place));

  expect((await at("history", "account/ada")).stdout).toBe(
    "@2 1970-01-01T00:00:00.000Z owner\n@1 1970-01-01T00:00:00.000Z owner\n",
  );
  const refused = await at("revert", "account/ada", "1");
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toMatch(/is owned by \S+, whose lease ends at/);
  expect(refused.stderr).not.toContain("secret");
  await authority.close();

  expect((await at("revert", "account/ada", "1")).stdout).toBe(
    "account/ada is at version 3, which is as version 1 was\n",
  );
  expect((await at("verify")).stdout).toMatch(/^1 keys, 3 whole versions, \d+ bytes\nall is whole\n$/);
  await query(`update "${schemaOf(journal)}".versions set record = substring(record from 2) where version = 2`);
  const damaged = await at("verify");
  expect([damaged.code, damaged.stdout]).toEqual([
    1,
    expect.stringMatching(/account\/ada@2: the checksum of its record is wrong/),
  ]);
  place.searchParams.set("schema", "none");
  expect(await at("keys")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("There is no journal") as string,
  });
});
