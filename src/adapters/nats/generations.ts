/**
 * The streams of a journal: the one that is written to, and one that names it. A journal that is compacted goes on in another stream, and the
 * one before is removed with its files, as removing messages leaves their bytes there.
 */

import { notOpenable, type Place } from "./failures.ts";
import type { Cluster } from "./jetstream.ts";

export class Generations {
  readonly #cluster: Cluster;
  readonly #place: Place;
  readonly #root: string;
  readonly #replicas: number;

  /** @param root the stream that names the one that is written to. */
  constructor(cluster: Cluster, place: Place, root: string, replicas: number) {
    this.#cluster = cluster;
    this.#place = place;
    this.#root = root;
    this.#replicas = replicas;
  }

  /** The stream that is written to, or one that has moved to it. Makes the first one where there is none. */
  async current(): Promise<string> {
    if (!(await this.#cluster.has(this.#root))) await this.#cluster.make(this.#root, this.#replicas, 1);
    const why = await this.#cluster.misfit(this.#root);
    if (why !== undefined) throw notOpenable(this.#place, why);
    return (await this.#named())?.stream ?? this.#first();
  }

  /** Makes a stream that isn't named yet. */
  async next(): Promise<string> {
    const stream = `${this.#root}-${crypto.randomUUID()}`;
    await this.#cluster.make(stream, this.#replicas);
    return stream;
  }

  /** Names the stream that a journal has moved to, and removes all others. May be done again. */
  async moveTo(stream: string): Promise<void> {
    const named = await this.#named();
    if (named?.stream !== stream) await this.#name(stream, named?.sequence ?? 0);
    for (const other of await this.#cluster.streams(`${this.#root}-`))
      if (other !== stream && isGeneration(other, this.#root)) await this.#cluster.remove(other);
  }

  async #first(): Promise<string> {
    const stream = await this.next();
    try {
      await this.#name(stream, 0);
      return stream;
    } catch (error) {
      const named = await this.#named();
      if (named?.stream !== stream) await this.#cluster.remove(stream);
      if (named === undefined) throw error;
      return named.stream;
    }
  }

  async #name(stream: string, last: number): Promise<void> {
    await this.#cluster.log(this.#root).append(Buffer.from(stream), last);
  }

  async #named(): Promise<{ readonly stream: string; readonly sequence: number } | undefined> {
    const log = this.#cluster.log(this.#root);
    const message = await log.at(await log.last());
    return message && { stream: message.bytes.toString(), sequence: message.sequence };
  }
}

/** True for the root's own streams, not for those of a journal whose name begins with it. */
function isGeneration(stream: string, root: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(stream.slice(root.length + 1));
}
