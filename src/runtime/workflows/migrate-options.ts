/** What a migration of runs may be told, what it reports, and the check of what was given. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { shown } from "../../values/shown.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";

/**
 * Which runs `system.migrate` has go on with a definition.
 *
 * @since 0.1.0
 */
export interface MigrateOptions {
  /** The version that they follow, or several: of those in the definition's `follows`. Default: all of these. */
  readonly from?: string | readonly string[];
  /** Only these, by id. Default: all that have not ended. */
  readonly runs?: readonly string[];
  /** Whether only to report what would become of them. Default `false`. */
  readonly dryRun?: boolean;
}

/**
 * What became of a run, or would: it goes on with the definition, with these changes, or it stays as it is, for these reasons.
 *
 * @since 0.1.0
 */
export type MigratedRun = {
  readonly run: string;
  /** The version that it followed. */
  readonly from: string;
} & (
  | {
      readonly outcome: "ok";
      /** The steps that it has besides those before, and those that it has no more. */
      readonly added: readonly string[];
      readonly removed: readonly string[];
      /** Those of `added` that it had passed: what their `otherwise` gives stands in for them. */
      readonly skipped: readonly string[];
      /** The steps of which something recorded was changed to what the new contract makes of it; `"input"` for the run's input. */
      readonly adapted: readonly string[];
    }
  | {
      readonly outcome: "refused";
      /** Sentences without their full stops. */
      readonly reasons: readonly string[];
    }
);

/**
 * What became of each run, in the order of their ids.
 *
 * @since 0.1.0
 */
export interface MigrationReport {
  /** Name and version of the definition, such as `trip@2.0.0`. */
  readonly workflow: string;
  readonly dryRun: boolean;
  readonly runs: readonly MigratedRun[];
}

const schema = v.strictObject({
  from: v.optional(v.union([v.string(), v.array(v.string())])),
  runs: v.optional(v.array(v.string())),
  dryRun: v.optional(v.boolean()),
});

/** Returns the versions whose runs are migrated. @throws TroupeError `invalid-options` */
export function checkMigrateOptions(
  { name, version, follows = [] }: WorkflowDefinition,
  options: MigrateOptions,
): ReadonlySet<string> {
  checkOptions("migrate", schema, options);
  const { from = follows } = options;
  const versions = typeof from === "string" ? [from] : from;
  const stray = versions.find((one) => !follows.includes(one));
  if (stray === undefined && versions.length > 0) return new Set(versions);
  const has = follows.length === 0 ? "has no follows" : `follows ${follows.join(", ")}`;
  const wanted = stray === undefined ? "" : `, and not ${shown(stray)}`;
  throw new TroupeError(
    "invalid-options",
    `migrate: ${name}@${version} ${has}${wanted}: say in its follows which versions' runs may go on with it`,
  );
}
