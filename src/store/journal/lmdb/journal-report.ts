/** What is found when a whole journal is read. */

import type { StateKey } from "../../versions/state-key.ts";

/**
 * One part of a journal's files whose bytes are not as they were written.
 *
 * @since 0.1.0
 */
export interface JournalDamage {
  readonly what: string;
  readonly key?: StateKey;
  readonly version?: number;
  /** The damaged page of the data file. */
  readonly page?: number;
}

/**
 * What `verifyJournal` found.
 *
 * @since 0.1.0
 */
export interface JournalReport {
  readonly directory: string;
  readonly keys: number;
  /** How many versions can be read. */
  readonly versions: number;
  /** The size of the versions, without the file's unused room. */
  readonly bytes: number;
  /** False while the journal is in use: its pages change during the check, so only the entries in them were checked. */
  readonly structureChecked: boolean;
  /** Empty when nothing is damaged. */
  readonly damages: readonly JournalDamage[];
}
