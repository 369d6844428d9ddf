/** The store as the process that owns it uses it: a client of the authority, and what only the authority can do. */

import { AuthorityAccess } from "./authority/authority-access.ts";
import { exportHistory } from "./history/history-export.ts";
import { readHistory } from "./history/history-import.ts";
import type { StateDefinition } from "./versions/state-definition.ts";
import { stateKey } from "./versions/state-key.ts";
import type { StoreAuthority } from "./authority/store-authority.ts";
import type { StoreClientOptions } from "./client/store-client.ts";
import type { Imported, Store } from "./store.ts";
import { TimeTravelClient } from "./travel/time-travel-client.ts";

/**
 * Guarantees and errors: as {@link TimeTravelClient}.
 *
 * @example
 * const store = new OwnedStore(authority, { author: "system", remembersReads: false });
 */
export class OwnedStore extends TimeTravelClient implements Store {
  readonly #authority: StoreAuthority;

  constructor(authority: StoreAuthority, options: StoreClientOptions) {
    super(new AuthorityAccess(authority), options);
    this.#authority = authority;
  }

  /** See `Store.compact`. */
  async compact(): Promise<void> {
    await this.#authority.compact();
  }

  /** See `Store.exportHistory`. */
  exportHistory(definition: Pick<StateDefinition, "name">, id: string): AsyncIterable<string> {
    return exportHistory(new AuthorityAccess(this.#authority), stateKey(definition, id));
  }

  /** See `Store.importHistory`. */
  async importHistory(lines: AsyncIterable<string> | Iterable<string>, source = "import"): Promise<Imported> {
    const { key, requests } = await readHistory(lines, source);
    await this.#authority.adopt(key, requests);
    return { key, versions: requests.length };
  }
}
