/**
 * How LMDB's data file is laid out (its data version 2, 64-bit, little-endian; `mdb.c` has the structures): enough to
 * tell an intact file from a damaged one without mapping it.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { corruptFile } from "../journal-errors.ts";

export const pageHeaderBytes = 24;
export const nodeHeaderBytes = 8;
export const treeBytes = 48;
export const pageFlags = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;
export const nodeFlags = { overflow: 0x01, tree: 0x02 } as const;
/** The root of a tree without pages. */
const noPage = 0xffffffffffffffffn;

/** A B-tree as its parent describes it. */
export interface Tree {
  readonly pad: number;
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** `undefined` for an empty tree. */
  readonly root: number | undefined;
}

export interface Meta {
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
}

const magic = 0xbeefc0de;
const dataVersion = 2;
const metaBytes = pageHeaderBytes + 144;
const integerKeys = 0x08;
const noSubdirectory = 0x4000;
const maxMapBytes = 2 ** 44;

/**
 * Reads a 64-bit number. Only damage makes one exceed 2^53, and then it is too large for any use, so the lost precision
 * is harmless.
 */
export function readLong(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

export function readTree(bytes: Buffer, at: number): Tree {
  const root = bytes.readBigUInt64LE(at + 40);
  return {
    pad: bytes.readUInt32LE(at),
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: readLong(bytes, at + 8),
    leafPages: readLong(bytes, at + 16),
    overflowPages: readLong(bytes, at + 24),
    entries: readLong(bytes, at + 32),
    root: root === noPage ? undefined : Number(root),
  };
}

/** An open data file, read page by page. */
export class DataFile {
  readonly path: string;
  readonly size: number;
  readonly pageSize: number;
  /** The meta page of the newest transaction. */
  readonly meta: Meta;
  readonly #handle: number;

  /**
   * @throws TroupeError `journal-corrupt` for a file that isn't a data file, or whose meta pages contradict each other.
   */
  constructor(path: string) {
    this.path = path;
    this.#handle = openSync(path, "r");
    try {
      this.size = fstatSync(this.#handle).size;
      const first = this.#bytes(0, metaBytes, "it is empty or too short for a journal's data file");
      this.#checkMagic(first, 0);
      const pageSize = first.readUInt32LE(pageHeaderBytes + 24);
      if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
        throw this.damage(`its page size is ${pageSize}`, 0);
      this.pageSize = pageSize;
      const second = this.#bytes(pageSize, metaBytes, "it ends before its second page");
      this.#checkMagic(second, 1);
      const [even, odd] = [this.#meta(first, 0), this.#meta(second, 1)];
      if (Math.abs(even.transaction - odd.transaction) > 1)
        throw this.damage(`its meta pages are of transactions ${even.transaction} and ${odd.transaction}`, 0);
      this.meta = odd.transaction > even.transaction ? odd : even;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @throws TroupeError `journal-corrupt` when the file ends before the page does. */
  page(number: number, pages = 1): Buffer {
    return this.#bytes(number * this.pageSize, pages * this.pageSize, `it ends before its page ${number}`);
  }

  damage(what: string, page: number): Error {
    return corruptFile(this.path, `${what} (page ${page})`, { page });
  }

  close(): void {
    closeSync(this.#handle);
  }

  #bytes(at: number, length: number, orElse: string): Buffer {
    if (at + length > this.size) throw corruptFile(this.path, `${orElse}: it has ${this.size} bytes`);
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#handle, bytes, done, length - done, at + done);
      if (count === 0) throw corruptFile(this.path, orElse);
      done += count;
    }
    return bytes;
  }

  #checkMagic(bytes: Buffer, page: number): void {
    if (bytes.readUInt32LE(pageHeaderBytes) !== magic) throw this.damage("it is no journal's data file", page);
    const version = bytes.readUInt32LE(pageHeaderBytes + 4);
    if (version !== dataVersion) throw this.damage(`its data version is ${version}, not ${dataVersion}`, page);
  }

  #meta(bytes: Buffer, page: number): Meta {
    const free = readTree(bytes, pageHeaderBytes + 24);
    const main = readTree(bytes, pageHeaderBytes + 24 + treeBytes);
    const after = pageHeaderBytes + 24 + 2 * treeBytes;
    const meta = { free, main, lastPage: readLong(bytes, after), transaction: readLong(bytes, after + 8) };
    const mapBytes = readLong(bytes, pageHeaderBytes + 16);
    const isSound =
      readLong(bytes, 0) === page &&
      bytes.readUInt16LE(18) === pageFlags.meta &&
      readLong(bytes, pageHeaderBytes + 8) === 0 &&
      mapBytes % this.pageSize === 0 &&
      mapBytes <= maxMapBytes &&
      free.pad === this.pageSize &&
      (free.flags & ~noSubdirectory) === integerKeys &&
      main.pad === 0 &&
      main.flags === 0 &&
      (meta.transaction === 0 || meta.transaction % 2 === page) &&
      Number.isSafeInteger(meta.transaction) &&
      meta.lastPage < maxMapBytes / this.pageSize;
    if (!isSound) throw this.damage("its meta page makes no sense", page);
    return meta;
  }
}
