/** Follows the streams of a journal, and does to the copy what they say. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { corruptMessage, type Place, reasonOf } from "./failures.ts";
import { decodeEntry, type Entry, type Told } from "./entry.ts";
import type { Cluster, Log, Message } from "./jetstream.ts";
import type { LocalCopy } from "./local-copy.ts";
import type { Mark } from "./mark.ts";

export class Follower {
  readonly #cluster: Cluster;
  readonly #place: Place;
  readonly #copy: LocalCopy;
  #log: Log;
  /** The last message that was read, and where the journal was with it. */
  #mark: Mark = { sequence: 0, position: 0 };
  /** The last that didn't renew. */
  #after = 0;
  #last: Entry | undefined;
  #parts: Buffer[] = [];

  constructor(cluster: Cluster, place: Place, copy: LocalCopy, stream: string) {
    this.#cluster = cluster;
    this.#place = place;
    this.#copy = copy;
    this.#log = cluster.log(stream);
  }

  get log(): Log {
    return this.#log;
  }

  get mark(): Mark {
    return this.#mark;
  }

  /** The sequence of the last message that wasn't only for the lease. */
  get after(): number {
    return this.#after;
  }

  /** The message that was read last. */
  get last(): Entry | undefined {
    return this.#last;
  }

  /** True where the stream isn't there any more. */
  async isGone(): Promise<boolean> {
    return !(await this.#cluster.has(this.#log.stream));
  }

  /** Begins with another stream, which has all of the journal. */
  goTo(stream: string): void {
    this.#log = this.#cluster.log(stream);
    this.#mark = { sequence: 0, position: this.#mark.position };
    this.#after = 0;
    this.#parts = [];
    this.#copy.forgetPages();
  }

  /** Reads what there is to read next, and returns how many messages that was. @throws TroupeError `journal-corrupt`. */
  async read(): Promise<number> {
    const log = this.#log;
    const messages = await log.read(this.#mark.sequence + 1);
    let count = 0;
    for (const message of messages) {
      if (!(await this.#take(message))) break;
      count++;
      if (this.#log !== log) break; // the journal has moved
    }
    return count;
  }

  /** False for a message before which one is missing, as on a replica that doesn't have all yet. */
  async #take({ sequence, bytes }: Message): Promise<boolean> {
    const told = decodeEntry(this.#place, sequence, bytes);
    const { entry } = told;
    if (entry.after !== this.#after) return false;
    try {
      await this.#apply(told, sequence);
    } catch (error) {
      if (error instanceof TroupeError) throw error;
      throw corruptMessage(this.#place, sequence, `it doesn't follow what is before it: ${reasonOf(error)}`, error);
    }
    this.#last = entry;
    if (entry.kind === "moved") {
      this.goTo(entry.to);
      return true;
    }
    this.#mark = { sequence, position: entry.position };
    if (entry.kind !== "renewed") this.#after = sequence;
    return true;
  }

  async #apply({ entry, body }: Told, sequence: number): Promise<void> {
    const parts = this.#parts;
    if (entry.kind !== "renewed") this.#parts = entry.kind === "part" ? [...parts, body] : [];
    switch (entry.kind) {
      case "commits":
        return this.#copy.applyBytes(Buffer.concat([...parts, body]));
      case "trimmed":
        return this.#copy.journal.trim(entry.key, entry.oldest);
      case "page":
        return this.#copy.addPage(body);
      case "copied": {
        const bytes = await this.#copy.install();
        const { position } = this.#copy.journal;
        if (bytes !== entry.bytes || position !== entry.position)
          throw corruptMessage(
            this.#place,
            sequence,
            `its copy has ${bytes} bytes at position ${position}, not ${entry.bytes} at ${entry.position}`,
          );
        return;
      }
      case "taken":
      case "renewed":
      case "released":
      case "part":
      case "moved":
    }
  }
}
