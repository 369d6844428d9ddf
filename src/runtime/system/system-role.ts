/** What a system is to its journal. */

/**
 * - `active`: it owns its journal, and works.
 * - `lost`: another process owns the journal now, or may soon. The system refuses everything, and ends by itself.
 * - `ended`: it is closed, whether it was asked to close or has lost its journal.
 *
 * @since 0.1.0
 */
export type SystemRole = "active" | "lost" | "ended";
