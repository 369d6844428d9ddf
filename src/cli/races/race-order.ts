/** What the command line says of a search for races. */

import type { ModuleTarget } from "../arguments/module-target.ts";

export interface RaceOrder extends ModuleTarget {
  readonly strategy: "portfolio" | "random" | "weighted" | "pct" | "pos" | "fair" | undefined;
  readonly runs: number | undefined;
  readonly seed: number | undefined;
  /** Milliseconds. */
  readonly time: number | undefined;
  readonly replay: string | undefined;
  readonly jobs: number;
  /** The file of a page. */
  readonly html: string | undefined;
  readonly json: boolean;
}
