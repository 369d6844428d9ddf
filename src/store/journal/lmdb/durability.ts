/** How durable an acknowledged commit is. */

/**
 * - `sync`: a commit is acknowledged when it is on disk.
 * - `relaxed`: a commit is acknowledged at once and written afterwards. When the process or the machine dies, commits
 *   that were acknowledged since the last but one flush began may be lost: at most 8 MiB, always the newest, and each
 *   as a whole. The rest is intact.
 *
 * @since 0.1.0
 */
export type Durability = "sync" | "relaxed";
