/** The data file of a journal that another process may own: it is read, and followed when the owner compacts. */

import { type FileIdentity, identityOf, isSameFile } from "./files/file-identity.ts";
import { dataFileOf, noSuchJournal } from "./files/journal-files.ts";
import { ownerOf } from "./files/journal-owner.ts";
import { type IndexDamage, inspectIndexes } from "./index-damage.ts";
import { notOpenable, notWritable } from "./journal-errors.ts";
import type { JournalFile } from "./journal-file.ts";
import type { Environment, OpenEnvironment } from "./lmdb-environment.ts";

interface Opened {
  readonly path: string;
  readonly identity: FileIdentity | undefined;
  readonly environment: Environment;
  readonly damage: IndexDamage;
}

const nothingDamaged: IndexDamage = { keys: 0, idempotencyKeys: 0 };

export class FollowedFile implements JournalFile {
  readonly isStopped = false;
  readonly #directory: string;
  readonly #open: OpenEnvironment;
  #opened: Opened;
  /** Resolves when the files before are closed. */
  #closing: Promise<unknown> = Promise.resolve();

  /** @throws TroupeError `no-such-journal`, `journal-corrupt`, `journal-failed`. */
  constructor(directory: string, open: OpenEnvironment) {
    this.#directory = directory;
    this.#open = open;
    this.#opened = this.#openNewest();
  }

  get tables(): Environment["tables"] {
    return this.#opened.environment.tables;
  }

  get damage(): IndexDamage {
    return this.#opened.damage;
  }

  check(): void {}

  checkWritable(): never {
    throw notWritable(this.#directory, "it was opened readOnly");
  }

  look(): boolean {
    const { path, identity, environment } = this.#opened;
    checkKnown(this.#directory, environment);
    if (dataFileOf(this.#directory) === path && isSameFile(identityOf(path), identity)) {
      environment.refresh();
      return false;
    }
    this.#opened = this.#openNewest();
    this.#closing = Promise.all([this.#closing, environment.close()]);
    return true;
  }

  write(): never {
    return this.checkWritable();
  }

  compact(): never {
    return this.checkWritable();
  }

  async close(): Promise<void> {
    await Promise.all([this.#closing, this.#opened.environment.close()]);
  }

  #openNewest(): Opened {
    for (;;) {
      const path = dataFileOf(this.#directory);
      if (path === undefined) throw noSuchJournal(this.#directory, "it has no data file");
      try {
        // an owner has checked the file, and is changing it now
        const damage = ownerOf(this.#directory) === undefined ? inspectIndexes(path) : nothingDamaged;
        const environment = this.#openKnown(path);
        return { path, identity: identityOf(path), environment, damage };
      } catch (error) {
        // its owner may have compacted it away meanwhile
        if (dataFileOf(this.#directory) === path) throw error;
      }
    }
  }

  #openKnown(path: string): Environment {
    const environment = this.#open(path, { readOnly: true });
    try {
      checkKnown(this.#directory, environment);
      return environment;
    } catch (error) {
      this.#closing = environment.close();
      throw error;
    }
  }
}

/**
 * Checks that the owner knows of this reader: it uses pages again that a reader unknown to it may still be reading.
 *
 * @throws TroupeError `journal-failed` for such a reader once there is an owner.
 */
export function checkKnown(directory: string, { registration }: Environment): void {
  if (registration === "registered" || ownerOf(directory) === undefined) return;
  throw notOpenable(
    directory,
    "a process owns it, and this one may not write its lock file, so that it can't look on. Run this as the user that owns the journal",
  );
}
