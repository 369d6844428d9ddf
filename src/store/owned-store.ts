/** The store in the process that owns it: a client, with the operations that only the authority offers. */

import { AuthorityAccess } from "./authority/authority-access.ts";
import { exportHistory } from "./history/history-export.ts";
import { checkReason, type Erased, type EraseOptions } from "./versions/tombstone.ts";
import { readHistory } from "./history/history-import.ts";
import type { StateDefinition } from "./versions/state-definition.ts";
import { stateKey } from "./versions/state-key.ts";
import type { StoreAuthority } from "./authority/store-authority.ts";
import type { StoreClientOptions } from "./client/store-client.ts";
import type { Imported, Store } from "./store.ts";
import { TimeTravelClient } from "./travel/time-travel-client.ts";
import { shown } from "../values/shown.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { readGiven } from "../contracts/read-given.ts";

/**
 * A {@link TimeTravelClient} that also erases, compacts, exports and imports. What the client guarantees and throws holds here too.
 *
 * @example
 * const store = new OwnedStore(authority, { author: "system", remembersReads: false });
 */
export class OwnedStore extends TimeTravelClient implements Store {
  readonly #authority: StoreAuthority;
  readonly #author: string;

  constructor(authority: StoreAuthority, options: StoreClientOptions) {
    super(new AuthorityAccess(authority), options);
    this.#authority = authority;
    this.#author = options.author;
  }

  /**
   * Drops the versions that retention does not keep, of every key, and frees the room of dropped versions. Versions
   * that are kept read as before.
   */
  async compact(): Promise<void> {
    await this.#authority.compact();
  }

  /** See `Store.erase`. */
  async erase(definition: Pick<StateDefinition, "name">, id: string, options: EraseOptions): Promise<Erased> {
    const { reason, forks = false } = readGiven("erase", () => ({ reason: options.reason, forks: options.forks }));
    checkReason(reason, "erase");
    const erased = await this.#authority.erase(stateKey(definition, id), { author: this.#author, reason, forks });
    this.observe(erased.tombstone.position);
    return erased;
  }

  /**
   * A key's whole history as JSON Lines, a header and a line for each version, without line breaks. Lossless: bigints,
   * `undefined` and `-0` as well.
   *
   * @throws TroupeError `no-such-key` for a key without a version, when the first line is read.
   * @example
   * for await (const line of store.exportHistory(account, "anna")) file.write(`${line}\n`);
   */
  exportHistory(definition: Pick<StateDefinition, "name">, id: string): AsyncIterable<string> {
    return exportHistory(new AuthorityAccess(this.#authority), stateKey(definition, id));
  }

  /**
   * Takes over a history that was exported. Versions keep their number, author, cause, time and idempotency key; their
   * positions are assigned anew. States are taken as they are, without any schema.
   * Everything else is checked: versions without a gap, times and positions that don't go back, no time beyond any date
   * or more than a minute in the future, no idempotency key of two commits.
   *
   * @param source the name of the lines in messages, such as a file's name. Default `"import"`.
   * @throws TroupeError `invalid-input`, whose message begins with source and line, when nothing was imported;
   * `key-exists`.
   * @example
   * await store.importHistory(createInterface({ input: createReadStream(path) }), path);
   */
  async importHistory(lines: AsyncIterable<string> | Iterable<string>, source = "import"): Promise<Imported> {
    if (typeof source !== "string")
      throw new TroupeError("invalid-options", `importHistory: the source is a text, not ${shown(source)}`);
    if (!readGiven("importHistory", () => isIterable(lines)))
      throw new TroupeError("invalid-options", `importHistory: expected lines of text, not ${shown(lines)}`);
    const { key, requests } = await readHistory(lines, source, this.#authority.time);
    await this.#authority.adopt(key, requests);
    return { key, versions: requests.length };
  }
}

function isIterable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
