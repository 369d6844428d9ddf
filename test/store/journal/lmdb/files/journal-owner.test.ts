import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownerOf, ownJournal } from "../../../../../src/store/journal/lmdb/files/journal-owner.ts";
import { ownIdentity } from "../../../../../src/store/journal/lmdb/files/process-identity.ts";
import { failure } from "../../../support/failure.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "troupe-owner-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const own = async () => ownJournal(directory);
const claim = (number: number, text: string): void => writeFileSync(join(directory, `owner-${number}`), text);

describe("the owner of a journal", () => {
  it("is named by its file, and gone when it gave the journal back", async () => {
    expect(ownerOf(directory)).toBeUndefined();
    const ownership = await own();
    expect(ownerOf(directory)).toEqual(ownIdentity());
    expect(readdirSync(directory)).toEqual(["owner-1"]);
    ownership.release();
    expect(ownerOf(directory)).toBeUndefined();
    expect(readFileSync(join(directory, "owner-1"), "utf8")).toBe("");
    await own();
    expect(readdirSync(directory)).toEqual(["owner-2"]);
  });

  it("keeps out all others, and names this very process to them", async () => {
    await own();
    const refused = await failure(own());
    expect(refused).toMatchObject({ code: "journal-in-use", details: { directory, pid: process.pid } });
    expect(String(refused)).toContain("this very process");
    expect(readdirSync(directory)).toEqual(["owner-1"]);
  });

  it("keeps out others while another process runs, and no longer", async () => {
    const parent = { pid: process.ppid };
    claim(4, JSON.stringify(parent));
    expect(await failure(own())).toMatchObject({ code: "journal-in-use", details: { pid: process.ppid } });
    expect(ownerOf(directory)).toEqual(parent);
    claim(4, JSON.stringify({ ...parent, boot: "an earlier one" }));
    await own();
    expect(readdirSync(directory)).toEqual(["owner-5"]);
  });

  it("is the one with the highest number, be there others that were not removed in time", async () => {
    claim(1, JSON.stringify(ownIdentity()));
    claim(2, "");
    claim(10, "");
    expect(ownerOf(directory)).toBeUndefined();
    await own();
    expect(readdirSync(directory)).toEqual(["owner-11"]);
  });

  it("takes no notice of other files, or of what a claim that was cut off left", async () => {
    writeFileSync(join(directory, `claim-${process.pid}-1`), "{");
    writeFileSync(join(directory, "owner-1.bak"), JSON.stringify(ownIdentity()));
    await own();
    expect(readdirSync(directory)).toEqual(["owner-1", "owner-1.bak"]);
  });
});
