/** What an acknowledged commit survives. */

/**
 * - `sync`: a commit is acknowledged when it is on disk.
 * - `relaxed`: a commit is acknowledged at once and written then. When the process or the machine dies, what was
 *   acknowledged since the flush before the last one began may be lost, 8 MiB at most, the newest first and never a part
 *   of a commit. What is left is whole.
 *
 * @since 0.1.0
 */
export type Durability = "sync" | "relaxed";
