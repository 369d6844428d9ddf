/** Opens the store that `--journal DIR` names, for as long as a command needs it. */

import { resolve } from "node:path";
import { nodeClock } from "../../runtime/platform/node-clock.ts";
import { OwnedStore } from "../../store/owned-store.ts";
import { AuthorityAccess } from "../../store/authority/authority-access.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { CommandPorts } from "../command/command.ts";
import type { Terminal } from "../command/terminal.ts";
import { unlessAborted } from "../command/unless-aborted.ts";

export interface OpenStore {
  /** The store by keys, whatever their families' schemas. */
  readonly access: StoreAccess;
  readonly store: OwnedStore;
}

export interface StoreLocation {
  /** Taken from the terminal's folder; messages name it so. */
  readonly journal: string;
  /** `read` leaves the journal to whoever owns it, `write` owns it meanwhile, `create` makes one where there is none. */
  readonly mode: "read" | "write" | "create";
}

/** Who commits by the command line. */
const author = "command-line";

/**
 * Gives `use` the store, and closes it afterwards. Ends early, with exit code 1, when the command is interrupted.
 *
 * @throws TroupeError (as a rejection) `no-such-journal`, unless it may be made; `journal-in-use`, and what opening a journal
 * throws besides.
 */
export async function withStore(
  { journal: path, mode }: StoreLocation,
  { cwd, interrupted }: Terminal,
  { openJournal }: CommandPorts,
  use: (store: OpenStore) => Promise<number>,
): Promise<number> {
  const folder = resolve(cwd, path);
  const done = await unlessAborted(interrupted, async () => {
    // whoever opens a journal to own it makes one where there is none, and here that is a mistake in its name
    if (mode === "write") await (await openJournal(folder, { readOnly: true })).close();
    const journal = await openJournal(folder, { readOnly: mode === "read" });
    const authority = new StoreAuthority({ journal, clock: nodeClock() });
    try {
      const store = new OwnedStore(authority, { author, remembersReads: false });
      return await use({ access: new AuthorityAccess(authority), store });
    } finally {
      await authority.close();
    }
  });
  return done ?? 1;
}
