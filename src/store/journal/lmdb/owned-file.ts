/**
 * The data file of a journal's owner. Writes to it only as long as it is the one in force, so that nothing acknowledged is
 * in a file that the next owner doesn't find.
 */

import { rmSync } from "node:fs";
import { copyCompacted } from "./compacted-copy.ts";
import {
  type FileIdentity,
  type FileLook,
  identityOf,
  isSameFile,
  isSettled,
  isUnchanged,
} from "./files/file-identity.ts";
import { draftFile, nextDataFile, promoteDraft, removeDraft, removeOlder } from "./files/journal-files.ts";
import type { Ownership } from "./files/journal-owner.ts";
import { lockOf } from "./files/lock-file.ts";
import { compactionFailed, notWritable, remainsLeft, stopped, writeFailed } from "./journal-errors.ts";
import type { IndexDamage } from "./index-damage.ts";
import type { JournalFile } from "./journal-file.ts";
import type { Environment, OpenEnvironment } from "./lmdb-environment.ts";

export interface OwnedFileOptions {
  readonly directory: string;
  /** The data file in force. */
  readonly path: string;
  /** What of it is damaged. */
  readonly damage: IndexDamage;
  readonly open: OpenEnvironment;
  /** Given up when the file is closed. */
  readonly ownership: Ownership;
}

/** A data file that is open. */
interface Opened {
  readonly path: string;
  readonly identity: FileIdentity | undefined;
  readonly environment: Environment;
}

interface Reason {
  readonly why: string;
  readonly cause: unknown;
}

/** Windows doesn't rename a file that is open. */
const renamesOpenFiles = process.platform !== "win32";

export class OwnedFile implements JournalFile {
  readonly damage: IndexDamage;
  readonly #directory: string;
  readonly #open: OpenEnvironment;
  readonly #ownership: Ownership;
  #opened: Opened;
  /**
   * The directory, looked at right before its files were, and found in force. While it is unchanged, so are they. To look at a file between two of its
   * writes makes the next one dearer, at the directory not.
   */
  #settled: FileLook | undefined;
  #stopped: Reason | undefined;
  /** Why no commits are taken any more, though versions can be read. */
  #refusal: Reason | undefined;

  /** @throws TroupeError `journal-failed`, `journal-in-use`. */
  constructor({ directory, path, damage, open, ownership }: OwnedFileOptions) {
    this.damage = damage;
    this.#directory = directory;
    this.#open = open;
    this.#ownership = ownership;
    this.#opened = this.#openFile(path);
  }

  get tables(): Environment["tables"] {
    return this.#opened.environment.tables;
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  check(): void {
    if (this.#stopped !== undefined) throw stopped(this.#directory, this.#stopped.why, this.#stopped.cause);
  }

  checkWritable(): void {
    if (this.#refusal !== undefined) throw notWritable(this.#directory, this.#refusal.why, this.#refusal.cause);
  }

  look(): boolean {
    return false;
  }

  async write(fill: () => void): Promise<void> {
    const { environment } = this.#opened;
    this.#checkInForce();
    this.checkWritable();
    try {
      await environment.write(fill);
    } catch (cause) {
      if (environment.failure() === undefined) throw writeFailed(this.#directory, cause);
      await this.#refuseCommits(cause);
    }
    // what went to a file that was moved away meanwhile isn't acknowledged
    this.#checkInForce();
  }

  /**
   * Every step may fail. Until the copy has its name, the file before is in force and the copy is given up; once it has,
   * there is no way back, since both may be what is found after the machine's end.
   */
  async compact(): Promise<void> {
    this.#checkInForce();
    this.checkWritable();
    const before = this.#opened;
    const copy = await this.#copy();
    try {
      if (!renamesOpenFiles) await copy.environment.close();
      this.#checkInForce();
      this.#opened = this.#promote(copy);
    } catch (error) {
      await copy.environment.close();
      throw error;
    }
    await before.environment.close();
    this.#checkInForce();
    try {
      removeOlder(this.#directory);
    } catch (cause) {
      throw remainsLeft(this.#directory, cause);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#opened.environment.close();
    } finally {
      this.#ownership.release();
    }
  }

  /**
   * Goes on for reading only, with another environment, since LMDB gave this one up.
   *
   * @throws TroupeError always.
   */
  async #refuseCommits(cause: unknown): Promise<never> {
    const { path, identity, environment } = this.#opened;
    const why =
      "the disk refused the page that puts commits in force, so it isn't known whether the last one is kept. Look at the disk, and open it again";
    this.#stopped = { why, cause }; // while there is none
    await environment.close();
    try {
      this.#opened = { path, identity, environment: this.#open(path, { readOnly: true }) };
    } catch (error) {
      throw stopped(this.#directory, why, new AggregateError([cause, error], String(cause), { cause }));
    }
    this.#stopped = undefined;
    this.#refusal = { why, cause };
    throw notWritable(this.#directory, why, cause);
  }

  #openFile(path: string): Opened {
    const environment = this.#open(path, { readOnly: false });
    return { path, identity: identityOf(path), environment };
  }

  async #copy(): Promise<Opened> {
    const { path, environment } = this.#opened;
    try {
      const draft = draftFile(this.#directory);
      const copy = await copyCompacted(environment, { path, draft, open: this.#open });
      return { path: draft, identity: identityOf(draft), environment: copy };
    } catch (cause) {
      throw this.#giveUp(cause);
    }
  }

  /** Puts the copy in force. */
  #promote({ identity, environment }: Opened): Opened {
    let path: string | undefined;
    try {
      path = nextDataFile(this.#directory);
      promoteDraft(this.#directory, path);
      return renamesOpenFiles ? { path, identity, environment } : this.#openFile(path);
    } catch (cause) {
      if (path === undefined) throw this.#giveUp(cause);
      if (!isMissing(path)) throw this.#stop("a compacted file is in force, and could not be taken in use", cause);
      throw this.#giveUp(cause, lockOf(path));
    }
  }

  /** Removes what a compaction that failed has made, unless it may be a new owner's. */
  #giveUp(cause: unknown, ...more: readonly string[]): Error {
    this.#checkInForce();
    try {
      removeDraft(this.#directory);
      for (const file of more) rmSync(file, { force: true });
    } catch (error) {
      return compactionFailed(this.#directory, new AggregateError([cause, error], String(cause), { cause }));
    }
    return compactionFailed(this.#directory, cause);
  }

  /** @throws TroupeError `journal-stopped` once what is open isn't what is found at the path. */
  #checkInForce(): void {
    this.check();
    const { path, identity } = this.#opened;
    let why: string;
    try {
      const directory = identityOf(this.#directory);
      if (isUnchanged(directory, this.#settled)) return;
      const file = identityOf(path);
      if (directory !== undefined && file !== undefined && isSameFile(file, identity)) {
        if (this.#ownership.isInForce()) {
          this.#settled = isSettled(directory, file) ? directory : undefined;
          return;
        }
        why = "another process owns it, or its directory was moved, removed or replaced";
      } else why = `${path} was moved, removed or replaced`;
    } catch (cause) {
      throw this.#stop(`it can't be told whether ${path} is still there`, cause);
    }
    throw this.#stop(why);
  }

  #stop(why: string, cause?: unknown): Error {
    this.#stopped ??= { why, cause };
    return stopped(this.#directory, why, cause);
  }
}

/** False also where it can't be told. */
function isMissing(path: string): boolean {
  try {
    return identityOf(path) === undefined;
  } catch {
    return false;
  }
}
