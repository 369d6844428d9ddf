/** The store as the process that owns it uses it: a client of the authority, and what only the authority can do. */

import { AuthorityAccess } from "./authority/authority-access.ts";
import { exportHistory } from "./history/history-export.ts";
import { readHistory } from "./history/history-import.ts";
import type { StateDefinition } from "./versions/state-definition.ts";
import { stateKey, type StateKey } from "./versions/state-key.ts";
import type { StoreAuthority } from "./authority/store-authority.ts";
import type { StoreClientOptions } from "./client/store-client.ts";
import { TimeTravelClient } from "./travel/time-travel-client.ts";

/** What an import made. */
export interface Imported {
  readonly key: StateKey;
  /** How many versions it has. */
  readonly versions: number;
}

/**
 * Guarantees and errors: as {@link TimeTravelClient}.
 *
 * @example
 * const store = new OwnedStore(authority, { author: "system", remembersReads: false });
 */
export class OwnedStore extends TimeTravelClient {
  readonly #authority: StoreAuthority;

  constructor(authority: StoreAuthority, options: StoreClientOptions) {
    super(new AuthorityAccess(authority), options);
    this.#authority = authority;
  }

  /**
   * Drops what retention does not keep, of every key, and gives back the room that dropped versions took. What is kept
   * reads as before.
   */
  async compact(): Promise<void> {
    await this.#authority.compact();
  }

  /**
   * A key's whole history as JSON Lines, a header and a line for each version, without line breaks. Lossless: bigints,
   * `undefined` and `-0` as well.
   *
   * @throws TroupeError `no-such-key` for a key without a version; when the first line is asked for.
   * @example
   * for await (const line of store.exportHistory(account, "anna")) file.write(`${line}\n`);
   */
  exportHistory(definition: Pick<StateDefinition, "name">, id: string): AsyncIterable<string> {
    return exportHistory(new AuthorityAccess(this.#authority), stateKey(definition, id));
  }

  /**
   * Takes over a history that was exported. Versions keep their number, author, cause, time and idempotency key; their
   * positions are assigned anew. States are taken as they are, without any schema.
   *
   * @param source what messages call the lines, such as a file's name. Default `"import"`.
   * @throws TroupeError `invalid-input` that begins with source and line, and nothing was imported; `key-exists`.
   * @example
   * await store.importHistory(createInterface({ input: createReadStream(path) }), path);
   */
  async importHistory(lines: AsyncIterable<string> | Iterable<string>, source = "import"): Promise<Imported> {
    const { key, requests } = await readHistory(lines, source);
    await this.#authority.adopt(key, requests);
    return { key, versions: requests.length };
  }
}
