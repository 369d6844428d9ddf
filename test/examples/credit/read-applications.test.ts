import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatCsvApplications } from "../../../examples/credit/csv-applications.ts";
import { InputError, unreadable } from "../../../examples/credit/input-error.ts";
import { readApplications } from "../../../examples/credit/read-applications.ts";
import { sample } from "./application-arbitrary.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "troupe-credit-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const failure = async (path: string) => {
  const error: unknown = await readApplications(path, "csv").catch((caught: unknown) => caught);
  if (!(error instanceof InputError)) throw error;
  expect(error.file).toBe(path);
  return error.message;
};

describe("readApplications", () => {
  it("reads a file in the format it is told", async () => {
    const path = join(directory, "one.csv");
    await writeFile(path, formatCsvApplications([sample]));
    expect(await readApplications(path, "csv")).toEqual([{ row: 2, application: sample }]);
    expect(await readApplications(path, "statlog")).toEqual([
      { row: 1, error: `${path}:1: expected 21 fields, got 1` },
      { row: 2, error: `${path}:2: expected 21 fields, got 1` },
    ]);
  });

  it("names a file that is not there", async () => {
    const path = join(directory, "nowhere.csv");
    expect(await failure(path)).toBe(`${path}: there is no such file`);
  });

  it("names a directory", async () => {
    const path = join(directory, "some-directory");
    await mkdir(path);
    expect(await failure(path)).toBe(`${path}: is a directory, not a file`);
  });

  it("names an empty file", async () => {
    const path = join(directory, "empty.csv");
    await writeFile(path, "");
    expect(await failure(path)).toBe(`${path}: is empty; expected a header and a row for each application`);
  });

  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)("names a file it may not read", async () => {
    const path = join(directory, "secret.csv");
    await writeFile(path, "");
    await chmod(path, 0);
    expect(await failure(path)).toBe(`${path}: may not be read: permission denied`);
  });
});

describe("unreadable", () => {
  it.each([
    ["EACCES", "a.csv: may not be read: permission denied"],
    ["EPERM", "a.csv: may not be read: permission denied"],
    ["ENOTDIR", "a.csv: there is no such file: a part of the path is not a directory"],
    ["EIO", "a.csv: may not be read: the disk says no"],
  ])("tells %s in one line and keeps the cause", (code, message) => {
    const cause = Object.assign(new Error("the disk\nsays no"), { code });
    expect(unreadable("a.csv", cause)).toMatchObject({ name: "InputError", file: "a.csv", message, cause });
  });

  it("takes anything that was thrown", () => {
    expect(unreadable("a.csv", "no luck").message).toBe("a.csv: may not be read: no luck");
  });
});
