/** How many items of an each may fail for good. Pure. */

import type { Tolerance } from "../definition/workflow-definition.ts";

export function toleratedOf(tolerance: Tolerance | undefined, count: number): number {
  if (tolerance === undefined) return 0;
  if (tolerance === "all") return count;
  return typeof tolerance === "number" ? tolerance : tolerance.share * count;
}
