/** Opens the store that `--journal` names, for as long as a command needs it. */

import { nodeClock } from "../../runtime/platform/node-clock.ts";
import { OwnedStore } from "../../store/owned-store.ts";
import { AuthorityAccess } from "../../store/authority/authority-access.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { CommandPorts } from "../command/command.ts";
import type { Terminal } from "../command/terminal.ts";
import { unlessAborted } from "../command/unless-aborted.ts";
import { placeOfJournal } from "./journal-place.ts";

export interface OpenStore {
  /** The store by keys, without their families' schemas. */
  readonly access: StoreAccess;
  readonly store: OwnedStore;
  readonly authority: StoreAuthority;
}

export interface StoreLocation {
  /** A folder, relative to the terminal's and written so in messages; or the URL of a database. */
  readonly journal: string;
  /**
   * `read` works beside the journal's owner, `write` owns the journal meanwhile, `create` also creates it if there is
   * none.
   */
  readonly mode: "read" | "write" | "create";
}

/** The author of commits from the command line. */
export const author = "command-line";

/**
 * Opens the store for `use`, and closes it afterwards. Ends early, with exit code 1, when the command is interrupted.
 *
 * @throws TroupeError (as a rejection) `no-such-journal`, unless it may be created; `journal-in-use`, and the other
 * errors of opening a journal.
 */
export async function withStore(
  { journal: path, mode }: StoreLocation,
  { cwd, interrupted }: Terminal,
  { openJournal }: CommandPorts,
  use: (store: OpenStore) => Promise<number>,
): Promise<number> {
  const place = placeOfJournal(cwd, path);
  const done = await unlessAborted(interrupted, async () => {
    // opening a journal to own it would create a missing one, but here a missing one is a mistake in its name
    if (mode === "write") await (await openJournal(place, { readOnly: true })).close();
    const journal = await openJournal(place, { readOnly: mode === "read" });
    const authority = new StoreAuthority({ journal, clock: nodeClock() });
    try {
      const store = new OwnedStore(authority, { author, remembersReads: false });
      return await use({ access: new AuthorityAccess(authority), store, authority });
    } finally {
      await authority.close();
    }
  });
  return done ?? 1;
}
