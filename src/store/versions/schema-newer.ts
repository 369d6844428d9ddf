/** The error of reading a version that was written under a newer schema than the reader's definition. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { SnapshotMeta } from "./snapshot.ts";

export function schemaNewer({ key, version, schema }: SnapshotMeta, known: number): TroupeError {
  return new TroupeError(
    "schema-newer",
    `${key}@${version} was written under version ${schema} of its schema, and the definition here is at version ${known}: ` +
      "it can neither read it nor write after it. Load the newer definition here too.",
    { details: { key, version, schema, known } },
  );
}
