/**
 * Walks all B-trees of a data file before LMDB maps it. LMDB trusts its pages: a flipped bit can make it read outside
 * the map, which kills the process, loop forever, or miss entries silently. The code here trusts no value.
 */

import {
  DataFile,
  nodeFlags,
  nodeHeaderBytes,
  pageFlags,
  pageHeaderBytes,
  readLong,
  readTree,
  treeBytes,
  type Tree,
} from "./data-file.ts";

/**
 * Called with each entry of a sub-database. `load` returns the entry's value and reads its overflow pages if it has
 * any.
 */
export type OnEntry = (table: string, place: Buffer, load: () => Buffer) => void;

interface Walk {
  readonly name: string;
  readonly tree: Tree;
  readonly compare: (a: Buffer, b: Buffer) => number;
  readonly onLeaf: (key: Buffer, node: LeafNode, page: number) => void;
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
}

interface LeafNode {
  readonly flags: number;
  readonly load: () => Buffer;
}

/** The keys of a subtree lie from `low`, inclusive, to `high`, exclusive. */
interface Bounds {
  readonly low: Buffer | undefined;
  readonly high: Buffer | undefined;
}

const maxDepth = 32;

/**
 * Checks every page in use.
 *
 * @throws TroupeError `journal-corrupt` for the first fault, with its page.
 */
export function checkDataFile(path: string, onEntry: OnEntry = () => undefined): void {
  const file = new DataFile(path);
  try {
    new TreeWalker(file, onEntry).run();
  } finally {
    file.close();
  }
}

class TreeWalker {
  readonly #file: DataFile;
  readonly #onEntry: OnEntry;
  readonly #used: Uint8Array;

  constructor(file: DataFile, onEntry: OnEntry) {
    this.#file = file;
    this.#onEntry = onEntry;
    const { lastPage } = file.meta;
    // free pages may lie beyond the end of the file, but no more of them than one transaction takes
    const pages = lastPage + 1;
    if (pages > 2 * (file.size / file.pageSize) + 65_536) throw file.damage(`its last page would be ${lastPage}`, 0);
    this.#used = new Uint8Array(pages);
    this.#used.fill(1, 0, 2);
  }

  run(): void {
    const { main, free } = this.#file.meta;
    this.#walk("main", main, Buffer.compare, (key, { flags, load }, page) => {
      if (flags !== nodeFlags.tree) throw this.#file.damage("there is something else than sub-databases", page);
      const bytes = load();
      if (bytes.length !== treeBytes) throw this.#file.damage("a sub-database is described wrongly", page);
      const tree = readTree(bytes, 0);
      if (tree.pad !== 0 || tree.flags !== 0) throw this.#file.damage("a sub-database has odd flags", page);
      this.#walkTable(key.toString("latin1").replace(/\0$/, ""), tree);
    });
    this.#walk("free", free, compareLongs, (key, { flags, load }, page) => {
      if (flags & nodeFlags.tree || key.length !== 8) throw this.#file.damage("the list of free pages is odd", page);
      this.#takeFree(load(), page);
    });
  }

  #walkTable(name: string, tree: Tree): void {
    this.#walk(name, tree, Buffer.compare, (key, { flags, load }, page) => {
      if (flags & nodeFlags.tree) throw this.#file.damage(`${name} has a tree within`, page);
      this.#onEntry(name, key, load);
    });
  }

  #walk(name: string, tree: Tree, compare: Walk["compare"], onLeaf: Walk["onLeaf"]): void {
    const walk: Walk = { name, tree, compare, onLeaf, branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
    if (tree.depth > maxDepth || (tree.root === undefined) !== (tree.depth === 0))
      throw this.#file.damage(`the tree of ${name} would be ${tree.depth} pages deep`, tree.root ?? 0);
    if (tree.root !== undefined) this.#page(walk, tree.root, 1, { low: undefined, high: undefined });
    for (const count of ["branchPages", "leafPages", "overflowPages", "entries"] as const) {
      if (walk[count] === tree[count]) continue;
      throw this.#file.damage(`${name} has ${walk[count]} ${count}, and should have ${tree[count]}`, tree.root ?? 0);
    }
  }

  #page(walk: Walk, number: number, level: number, bounds: Bounds): void {
    const file = this.#file;
    this.#take(number, 1, number);
    const page = file.page(number);
    const isLeaf = level === walk.tree.depth;
    this.#checkHeader(page, number, isLeaf ? pageFlags.leaf : pageFlags.branch);
    if (isLeaf) walk.leafPages++;
    else walk.branchPages++;
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const room = file.pageSize - pageHeaderBytes;
    const count = lower >> 1;
    if (lower % 2 !== 0 || lower > upper || upper > room || count < (isLeaf ? 1 : 2))
      throw file.damage("its bounds make no sense", number);
    const body = page.subarray(pageHeaderBytes);
    let taken = 0;
    let before: Buffer | undefined;
    const onlyLow = { low: bounds.low, high: undefined }; // the keys before the last one are lower still
    const children: (readonly [page: number, low: Buffer | undefined])[] = [];
    for (let i = 0; i < count; i++) {
      const at = body.readUInt16LE(2 * i);
      if (at < upper || at + nodeHeaderBytes > room) throw file.damage(`its entry ${i} lies outside`, number);
      const keyEnd = at + nodeHeaderBytes + body.readUInt16LE(at + 6);
      if (keyEnd > room) throw file.damage(`the key of its entry ${i} lies outside`, number);
      const key = body.subarray(at + nodeHeaderBytes, keyEnd);
      // LMDB doesn't use the first key of a branch, which may be empty
      const isLowest = !isLeaf && i === 0;
      if (!isLowest) this.#checkOrder(walk, key, before, i === count - 1 ? bounds : onlyLow, number);
      if (!isLowest) before = key;
      if (isLeaf) {
        walk.entries++;
        taken += even(this.#leaf(walk, body, at, key, keyEnd, number) - at);
      } else {
        taken += even(keyEnd - at);
        children.push([childOf(body, at), isLowest ? bounds.low : key]);
      }
    }
    if (taken !== room - upper) throw file.damage("its entries overlap or leave gaps", number);
    for (const [i, [child, low]] of children.entries())
      this.#page(walk, child, level + 1, { low, high: children[i + 1]?.[1] ?? bounds.high });
  }

  /** Returns where the node ends. */
  #leaf(walk: Walk, body: Buffer, at: number, key: Buffer, keyEnd: number, number: number): number {
    const file = this.#file;
    const flags = body.readUInt16LE(at + 4);
    const size = body.readUInt32LE(at);
    if (flags !== 0 && flags !== nodeFlags.overflow && flags !== nodeFlags.tree)
      throw file.damage(`an entry of ${walk.name} has flags ${flags}`, number);
    if (flags !== nodeFlags.overflow) {
      const end = keyEnd + size;
      if (end > body.length) throw file.damage("the value of an entry lies outside", number);
      walk.onLeaf(key, { flags, load: () => body.subarray(keyEnd, end) }, number);
      return end;
    }
    const end = keyEnd + 24;
    if (end > body.length) throw file.damage("an entry lies outside", number);
    const first = readLong(body, keyEnd);
    const pages = readLong(body, keyEnd + 16);
    if (pages !== Math.floor((pageHeaderBytes - 1 + size) / file.pageSize) + 1)
      throw file.damage(`a value of ${size} bytes would take ${pages} pages`, number);
    if (readLong(body, keyEnd + 8) > file.meta.transaction) throw file.damage("a value is from the future", number);
    this.#take(first, pages, number);
    const header = file.page(first);
    this.#checkHeader(header, first, pageFlags.overflow);
    if (header.readUInt32LE(20) !== pages) throw file.damage(`it should be the first of ${pages}`, first);
    if ((first + pages) * file.pageSize > file.size) throw file.damage("the file ends within a value", first);
    walk.overflowPages += pages;
    const load = (): Buffer => file.page(first, pages).subarray(pageHeaderBytes, pageHeaderBytes + size);
    walk.onLeaf(key, { flags, load }, number);
    return end;
  }

  #checkHeader(page: Buffer, number: number, flags: number): void {
    const file = this.#file;
    if (readLong(page, 0) !== number) throw file.damage(`it says that it is page ${readLong(page, 0)}`, number);
    if (page.readUInt16LE(18) !== flags || page.readUInt16LE(16) !== 0)
      throw file.damage(`its flags are ${page.readUInt16LE(18)}, and should be ${flags}`, number);
    if (readLong(page, 8) > file.meta.transaction) throw file.damage("it is from the future", number);
  }

  #checkOrder(walk: Walk, key: Buffer, before: Buffer | undefined, { low, high }: Bounds, number: number): void {
    if (key.length === 0 || (walk.name === "free" && key.length !== 8))
      throw this.#file.damage("a key has a wrong length", number);
    const isAfter =
      before === undefined ? low === undefined || walk.compare(low, key) <= 0 : walk.compare(before, key) < 0;
    if (isAfter && (high === undefined || walk.compare(key, high) < 0)) return;
    throw this.#file.damage(`the keys of ${walk.name} are out of order`, number);
  }

  /**
   * Marks a list of free pages: each entry is a page, or a negative count followed by the first of so many pages; zeros
   * are empty slots.
   */
  #takeFree(list: Buffer, number: number): void {
    const count = readLong(list, 0);
    if (list.length < 8 || count * 8 + 8 > list.length)
      throw this.#file.damage("a list of free pages is too short", number);
    for (let i = 1; i <= count; i++) {
      const entry = Number(list.readBigInt64LE(8 * i));
      if (entry === 0) continue;
      if (entry > 0) this.#take(entry, 1, number);
      else if (++i <= count) this.#take(readLong(list, 8 * i), -entry, number);
      else throw this.#file.damage("a list of free pages is cut off", number);
    }
  }

  #take(first: number, pages: number, by: number): void {
    if (first < 2 || first + pages > this.#used.length || pages < 1)
      throw this.#file.damage(`it refers to page ${first}, which there isn't`, by);
    for (let page = first; page < first + pages; page++) {
      if (this.#used[page] === 1) throw this.#file.damage(`page ${page} is used twice`, by);
      this.#used[page] = 1;
    }
  }
}

function childOf(body: Buffer, at: number): number {
  return body.readUInt32LE(at) + body.readUInt16LE(at + 4) * 2 ** 32;
}

function even(size: number): number {
  return size + (size % 2);
}

function compareLongs(a: Buffer, b: Buffer): number {
  return readLong(a, 0) - readLong(b, 0);
}
