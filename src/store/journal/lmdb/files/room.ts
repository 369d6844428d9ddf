/**
 * Looks for room on the disk before LMDB writes. It must not find out by itself: where writing a page fails, lmdb 3.5.6
 * writes its message beyond the end of its buffer (`mdb_page_flush`), and the process ends some time later.
 */

import { freeBytesIn } from "../journal-errors.ts";

/** More than the pages that lead to the changed entries of all tables, and the list of free pages, take. */
const pathBytes = 256 * 1024;
/** Entries in pages of their own fill them by half at least. */
const pagesFactor = 2;

/** @throws Error for a disk without room for a write of so many bytes. */
export function checkRoom(directory: string, bytes: number): void {
  const needed = pathBytes + pagesFactor * bytes;
  const free = freeBytesIn(directory);
  if (free !== undefined && free < needed)
    throw new Error(`No space left on device: a write of ${bytes} bytes may take ${needed}`);
}
