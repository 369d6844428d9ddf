/** Journals on disk that something happened to, read by another process, as the worst that may come of it is its death. */

import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { lmdbJournal } from "../../../src/store/journal/lmdb/lmdb-journal.ts";
import type { Patch } from "../../../src/store/versions/patch.ts";

export type Answers = Readonly<Record<string, { readonly is?: unknown; readonly error?: string }>>;

const program = fileURLToPath(new URL("../journal/fixtures/read-journals.mjs", import.meta.url));
const dataFile = "data-1.mdb";

/** A journal with branch pages, leaf pages, large values, free pages and idempotency keys, and readers for copies of it. */
export class DamagedJournals {
  readonly root = mkdtempSync(join(tmpdir(), "troupe-damage-"));
  readonly keys: readonly string[] = Array.from({ length: 12 }, (_, i) => `key/${i}`);
  readonly idempotencyKeys: string[] = [];
  bytes: Buffer = Buffer.alloc(0);
  #reader: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;
  #cases = 0;

  async make(): Promise<void> {
    const journal = await lmdbJournal(join(this.root, "whole"));
    let position = 0;
    for (let version = 1; version <= 160; version++) {
      const busy = this.keys.filter((_, i) => i < 2 || version <= 6);
      await Promise.all(
        busy.map(async (key) => {
          const idempotencyKey = `${key}.${version}`;
          if (version % 10 === 1) this.idempotencyKeys.push(idempotencyKey);
          const state = Object.freeze({ n: version, text: version % 60 === 7 ? "x".repeat(9_000) : `at ${version}` });
          const snapshot = {
            key,
            version,
            parent: version - 1,
            author: "test",
            time: version,
            position: ++position,
            schema: 1,
            state,
            idempotencyKey,
          };
          await journal.append([{ snapshot, patches: patchesTo(state, version) }]);
        }),
      );
    }
    await journal.close();
    this.bytes = readFileSync(join(this.root, "whole", dataFile));
  }

  /** What another process reads in a journal with this data file; a string, if it died of it. */
  async read(bytes: Buffer, readOnly: boolean): Promise<Answers | string> {
    const directory = join(this.root, `case-${++this.#cases}`);
    mkdirSync(directory);
    writeFileSync(join(directory, dataFile), bytes);
    const { keys, idempotencyKeys } = this;
    this.#start();
    this.#reader?.stdin?.write(`${JSON.stringify({ directory, readOnly, keys, idempotencyKeys })}\n`);
    const line = await this.#lines?.next();
    if (line === undefined || line.done === true) {
      const died = `the reader died: ${this.#reader?.exitCode ?? this.#reader?.signalCode}`;
      this.#reader = undefined;
      cpSync(directory, join(this.root, "deadly"), { recursive: true });
      return died;
    }
    rmSync(directory, { recursive: true });
    return JSON.parse(line.value) as Answers;
  }

  close(): void {
    this.#reader?.stdin?.end();
    rmSync(this.root, { recursive: true });
  }

  #start(): void {
    if (this.#reader !== undefined) return;
    const reader = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "ignore"] });
    this.#reader = reader;
    this.#lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
  }
}

function patchesTo(state: { readonly n: number; readonly text: string }, version: number): readonly Patch[] {
  if (version === 1) return [{ op: "replace", path: [], value: state }];
  return (["n", "text"] as const).map((name) => ({ op: "replace", path: [name], value: state[name] }));
}
