/** What comes from outside of the process: command lines, files of inputs, exported histories, journals' files and modules. */

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as fc from "fast-check";
import { commandLine } from "../../src/cli/command-line.ts";
import { commands } from "../../src/cli/commands.ts";
import { readInputs } from "../../src/cli/input/read-inputs.ts";
import { loadWorkflow } from "../../src/cli/modules/load-workflow.ts";
import { lmdbJournal, memoryJournal, TroupeError, verifyJournal } from "../../src/index.ts";
import { AuthorityAccess } from "../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../src/store/client/store-client.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import { fakePorts } from "../cli/fake-ports.ts";
import { fakeTerminal } from "../cli/fake-terminal.ts";
import { fixedClock } from "../store/support/fixed-clock.ts";
import type { Stage } from "./calls.ts";
import { box, mirror, work } from "./fixtures/mirror.ts";

/** Where damage is done, in ten-thousandths of the length; by a byte, a cut or a repetition. */
interface Damage {
  readonly at: number;
  readonly by: number | "cut" | "doubled";
}

export type FileCase =
  | { readonly line: readonly string[] }
  | { readonly inputs: string; readonly as: "csv" | "jsonl" }
  | { readonly history: readonly Damage[] }
  | { readonly journal: readonly Damage[] }
  | { readonly module: (typeof modules)[number] };

/** Sources of modules that are odd to import, or to look through. */
const modules = [
  "throw null",
  "throw Object.create(null)",
  "throw Symbol('odd')",
  "throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 1 } })",
  "await Promise.reject(undefined)",
  "export const one = ",
  "export * from './nowhere.mjs'",
  "export {}",
  "export default null",
  "export default undefined",
  "export const then = (resolve) => resolve(7)",
  "export const then = (_, reject) => reject(null)",
  "export const then = () => { throw undefined }",
  "export const mirror = { kind: 'actor', module: import.meta.url, name: 'mirror' }",
  "export const mirror = { kind: 'actor', module: import.meta.url, name: 'mirror', protocol: null, body: { kind: 'odd' } }",
  "export const work = { kind: 'workflow', name: 'work', steps: [null], version: 7, module: import.meta.url }",
  "export const odd = { get kind() { throw new Error('odd') } }",
  "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); export { proxy }",
  "export const many = Array.from({ length: 10_000 }, (_, i) => ({ kind: 'actor', name: String(i) }))",
] as const;

const options = [...new Set(commands.flatMap(({ flags }) => Object.keys(flags)))].map((name) => `--${name}`);
const oddText = fc.oneof(
  fc.constantFrom(
    "",
    "-",
    "--",
    "=",
    "#",
    "a#",
    "#a",
    "fuzz-box/x",
    "run/7",
    "/",
    "file:///",
    "file://host/a",
    "\0",
    "\uD800",
  ),
  fc.constantFrom(
    "1",
    "0",
    "-1",
    "1e999",
    "9".repeat(30),
    "2026-02-31",
    "/a~2",
    "null",
    '{"a":1}',
    "__proto__",
    "nowhere",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...options) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...options), oddText).map(([name, text]) => `${name}=${text}`) },
  { weight: 4, arbitrary: oddText },
);

const command = fc.constantFrom(...commands.map(({ name }) => name), "", "nothing");
const line = fc.oneof(
  fc.tuple(command, fc.array(word, { maxLength: 5 })).map(([name, words]) => [name, ...words]),
  fc.tuple(command, fc.array(word, { maxLength: 3 })).map(([name, words]) => [name, "--journal", "data", ...words]),
);

const cell = fc.oneof(
  fc.constantFrom(
    "of",
    "way",
    "value",
    "a,b",
    '"',
    '""',
    '"a',
    'a"b',
    "1",
    "1e999",
    "true",
    "null",
    "{}",
    "\n",
    "\r\n",
  ),
  fc.constantFrom("[", '{"__proto__":{}}', '{"a":', "\uFEFF", "\u0000", "\uD800", "$troupe", '{"$troupe":"undefined"}'),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const inputs = fc
  .array(fc.array(cell, { maxLength: 4 }), { maxLength: 5 })
  .map((rows) => rows.map((row) => row.join(",")).join("\n"));

const damage = fc.record({
  at: fc.nat({ max: 9_999 }),
  by: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom("cut" as const, "doubled" as const)),
});

export const fileCases: fc.Arbitrary<FileCase> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ line }) },
  { weight: 8, arbitrary: fc.record({ inputs, as: fc.constantFrom("csv" as const, "jsonl" as const) }) },
  { weight: 8, arbitrary: fc.record({ history: fc.array(damage, { minLength: 1, maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ journal: fc.array(damage, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ module: fc.constantFrom(...modules) }) },
);

/** What the cases of this page are damaged from. */
export interface Originals {
  /** The directory of a journal that is closed. */
  readonly journal: string;
  readonly history: string;
}

/** Makes a journal on disk and an exported history, which have a few versions each. */
export async function makeOriginals(directory: string): Promise<Originals> {
  const journal = join(directory, "original");
  const opened = await lmdbJournal(journal);
  await withVersions(opened);
  await opened.close();
  const lines = [
    { troupe: "history", format: 1, key: "fuzz-box/imported", newest: 2 },
    { version: 1, parent: 0, author: "a", time: 1, schema: 1, state: { value: 1 } },
    { version: 2, parent: 1, author: "a", time: 2, schema: 1, patches: [{ op: "replace", path: ["value"], value: 2 }] },
  ];
  return { journal, history: lines.map((record) => JSON.stringify(record)).join("\n") };
}

async function withVersions(journal: Journal): Promise<void> {
  const authority = new StoreAuthority({ journal, clock: fixedClock(0) });
  const client = new StoreClient(new AuthorityAccess(authority), { author: "fuzz" });
  for (const value of [1, "two", { three: [3n, undefined, "text ".repeat(50)] }]) await client.put(box, "x", { value });
  await client.put(box, "y", { value: 1 }, { idempotencyKey: "once" });
}

/** Does what reads the damaged thing. */
export async function playFile(stage: Stage, originals: Originals, given: FileCase): Promise<unknown> {
  const { directory, fresh, system } = stage;
  if ("line" in given) return runLine(given.line, directory);
  if ("inputs" in given) {
    writeFileSync(join(directory, `inputs.${given.as}`), given.inputs);
    return readInputs({ path: `inputs.${given.as}`, cwd: directory, schema: work.input });
  }
  if ("history" in given) {
    const lines = given.history.reduce<Buffer>(damaged, Buffer.from(originals.history));
    return system.store.importHistory(lines.toString().replace("imported", fresh).split("\n"));
  }
  if ("journal" in given) {
    const copy = join(directory, "damaged");
    cpSync(originals.journal, copy, { recursive: true });
    try {
      for (const name of readdirSync(copy).filter((file) => file.startsWith("data-") && file.endsWith(".mdb")))
        writeFileSync(join(copy, name), given.journal.reduce<Buffer>(damaged, readFileSync(join(copy, name))));
      return await readJournal(copy);
    } finally {
      rmSync(copy, { recursive: true });
    }
  }
  const path = join(directory, `module-${modules.indexOf(given.module)}.mjs`);
  writeFileSync(path, given.module);
  const elsewhere = { ...mirror, module: pathToFileURL(path).href };
  const outcomes = await Promise.allSettled([
    system.spawn(elsewhere, { placement: { thread: 1 } }),
    loadWorkflow({ module: path, exportName: undefined, cwd: directory }),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return outcomes;
}

function damaged(bytes: Buffer, { at, by }: Damage): Buffer {
  const place = Math.floor((at * bytes.length) / 10_000);
  if (by === "cut") return bytes.subarray(0, place);
  if (by === "doubled") return Buffer.concat([bytes.subarray(0, place), bytes.subarray(Math.floor(place / 2))]);
  const changed = Buffer.from(bytes);
  if (place < changed.length) changed[place] = by;
  return changed;
}

/** Reads all that a damaged journal has; a version that can't be read is an error by itself. */
async function readJournal(directory: string): Promise<unknown> {
  const report = await verifyJournal(directory);
  const journal = await lmdbJournal(directory, { readOnly: true });
  try {
    for (const key of await journal.keys("")) await journal.records(key, 1, 3);
  } finally {
    await journal.close();
  }
  return report;
}

/** What no message of the command line has: the words of an error that came from the engine. */
const raw = /TypeError|RangeError|is not a function|is not iterable|Cannot (read|set|convert|perform)|undefined \(/;

async function runLine(args: readonly string[], cwd: string): Promise<number> {
  const plainTerminal = fakeTerminal(cwd);
  const terminal = {
    ...plainTerminal,
    print(text: string) {
      if (text.startsWith("http://")) plainTerminal.interrupt(); // it is a server, which goes on until Ctrl-C
      return plainTerminal.print(text);
    },
  };
  const journal = memoryJournal();
  await withVersions(journal);
  const refused = async (): Promise<never> => {
    throw new TroupeError("system-closed", "this test starts no system");
  };
  const ports = fakePorts({ start: refused, openJournal: async () => journal, verifyJournal: refused });
  const code = await commandLine(args, terminal, ports);
  if (![0, 1, 2, ...(terminal.interrupted.aborted ? [130] : [])].includes(code))
    throw new Error(`the exit code is ${code}`);
  const words = terminal.notes.find((note) => raw.test(note) && !args.some((arg) => raw.test(arg)));
  if (words !== undefined) throw new Error(`not an error for people: ${words}`);
  return code;
}
