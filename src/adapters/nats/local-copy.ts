/**
 * What the stream says, as a journal on this machine's disk that is read from. It is made anew by each process and needn't be flushed: the
 * stream has all of it.
 */

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { CommitRecord } from "../../store/versions/commit.ts";
import type { Journal } from "../../store/journal/journal.ts";
import { dataFileOf, nextDataFile } from "../../store/journal/lmdb/files/journal-files.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "../../store/journal/lmdb/files/process-identity.ts";
import { openJournal } from "../../store/journal/lmdb/open-journal.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import { decodeCommits, recordsOf } from "./commit-bytes.ts";

const prefix = "troupe-nats-copy-";
/** Which process a copy is of. */
const processFile = "process.json";

export class LocalCopy {
  readonly #directory: string;
  #generation = 0;
  #journal: Journal;

  private constructor(directory: string, journal: Journal) {
    this.#directory = directory;
    this.#journal = journal;
  }

  /**
   * Removes the copies that processes have left which were killed.
   *
   * @param parent the directory in which it gets one of its own.
   */
  static async in(parent: string): Promise<LocalCopy> {
    removeLeft(parent);
    const directory = mkdtempSync(join(parent, prefix));
    try {
      writeFileSync(join(directory, processFile), JSON.stringify(ownIdentity()));
      return new LocalCopy(directory, await opened(join(directory, "0")));
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get directory(): string {
    return this.#directory;
  }

  get journal(): Journal {
    return this.#journal;
  }

  /** Reads of a journal on disk that writes wait for have their answers at once. */
  head(key: StateKey): Snapshot | undefined {
    return this.#journal.head(key) as Snapshot | undefined;
  }

  async apply(records: readonly CommitRecord[]): Promise<void> {
    await this.#journal.append(records);
  }

  /** Applies commits as they come from the stream. */
  async applyBytes(bytes: Buffer): Promise<void> {
    for (const commit of decodeCommits(bytes)) await this.apply(recordsOf(commit, (key) => this.head(key)));
  }

  /** The next bytes of a copy that is to take this one's place. */
  addPage(bytes: Uint8Array): void {
    appendFileSync(join(this.#directory, "pages"), bytes);
  }

  forgetPages(): void {
    rmSync(join(this.#directory, "pages"), { force: true });
  }

  /** Puts the pages in the place of all that it had. Returns how many bytes they are. */
  async install(): Promise<number> {
    const pages = join(this.#directory, "pages");
    const { size } = statSync(pages);
    await this.#journal.close();
    rmSync(join(this.#directory, String(this.#generation)), { recursive: true, force: true });
    const next = join(this.#directory, String(++this.#generation));
    mkdirSync(next);
    renameSync(pages, nextDataFile(next));
    this.#journal = await opened(next);
    return size;
  }

  /** Leaves nothing in its file of what was removed, and returns the file. */
  async compacted(): Promise<string> {
    await this.#journal.compact();
    return dataFileOf(join(this.#directory, String(this.#generation))) as string;
  }

  async remove(): Promise<void> {
    try {
      await this.#journal.close();
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }
}

function opened(directory: string): Promise<Journal> {
  return openJournal(directory, { durability: "relaxed", readOnly: false });
}

function removeLeft(parent: string): void {
  for (const name of readdirSync(parent)) {
    const directory = join(parent, name);
    const identity = name.startsWith(prefix) ? identityIn(directory) : undefined;
    if (identity !== undefined && !isRunning(identity)) rmSync(directory, { recursive: true, force: true });
  }
}

/** `undefined` for a copy that is being made, or removed. */
function identityIn(directory: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, processFile), "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
