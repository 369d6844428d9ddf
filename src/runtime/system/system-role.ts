/** What a system is to its journal. */

/**
 * - `standby`: it waits for its journal, with its threads open, and refuses everything. Only a system that was made as a standby begins so.
 * - `active`: it owns its journal, and works.
 * - `lost`: another process owns the journal now, or may soon. The system refuses everything, and ends by itself.
 * - `ended`: it is closed, whether it was asked to close or has lost its journal.
 *
 * @since 0.1.0
 */
export type SystemRole = "standby" | "active" | "lost" | "ended";
