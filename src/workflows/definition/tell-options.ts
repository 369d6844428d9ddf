/** How a wait is answered. */

/**
 * What an answer to a wait comes with.
 *
 * @since 0.1.0
 */
export interface TellOptions {
  /** Who answers; it is kept in the run's history, and told to later callers whose answer is refused. */
  readonly by?: string;
  /** The same for each try at telling this one answer: told again, it is the same answer, and no second one. */
  readonly idempotencyKey?: string;
}
