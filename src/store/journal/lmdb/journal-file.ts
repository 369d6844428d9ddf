/** The data file of a journal, open: what the versions need of it, whether it is owned or only read. */

import type { IndexDamage } from "./index-damage.ts";
import type { Environment } from "./lmdb-environment.ts";

export interface JournalFile {
  readonly tables: Environment["tables"];
  readonly damage: IndexDamage;
  /** True once it can't be known any more that what is written is what the next owner finds: for good. */
  readonly isStopped: boolean;
  /** @throws TroupeError `journal-stopped` when it is stopped. */
  check(): void;
  /** @throws TroupeError `journal-failed` when it takes no commits, though it answers. */
  checkWritable(): void;
  /**
   * Makes the next read see what another process has written. @returns true when it goes on in another file, so that
   * nothing is as it was.
   */
  look(): boolean;
  /** Writes what `fill` puts and removes, atomically. Resolves when it is on disk, in the file that is in force. */
  write(fill: () => void): Promise<void>;
  /** Puts a copy without unused pages in force. Call it when nothing is being written. */
  compact(): Promise<void>;
  close(): Promise<void>;
}
