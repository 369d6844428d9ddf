/** What is checked of the options of cells, and of those of a submission. */

import * as v from "valibot";
import { checkOptions } from "../../../contracts/check-options.ts";
import { shutdownSignals } from "../../../ports/signals.ts";
import { runOptionEntries } from "../../../runtime/workflows/run-options.ts";
import { maxCells } from "../key-space.ts";
import { leaseSchema, schemaSchema } from "../postgres-options.ts";
import type { CellsOptions, SubmitOptions } from "./cells-interface.ts";

const text = v.pipe(v.string(), v.nonEmpty());

const ofCells = v.strictObject({
  journal: v.string(),
  schema: schemaSchema,
  lease: leaseSchema,
  cells: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxCells))),
  workflows: v.pipe(
    v.array(
      v.custom<object>(
        (value) => typeof value === "object" && value !== null && "kind" in value && value.kind === "workflow",
        "expected what defineWorkflow made",
      ),
    ),
  ),
  setup: v.optional(v.custom((value) => typeof value === "function", "expected a function")),
  owns: v.optional(v.boolean()),
  shutdownOn: v.optional(v.array(v.picklist(shutdownSignals))),
});

const { coordination, startIn, startAt, queue, timeout, tenant, session, traceparent } = runOptionEntries;
const ofSubmission = v.strictObject({
  id: v.optional(text),
  key: v.optional(text),
  ...{ coordination, startIn, startAt, queue, timeout, tenant, session, traceparent },
});

/** The options that are the cells' own. @throws TroupeError `invalid-options` */
export function checkCellsOptions(options: CellsOptions): void {
  const { journal, schema, lease, cells, workflows, setup, owns, shutdownOn } = options;
  const given = { journal, schema, lease, cells, workflows, setup, owns, shutdownOn };
  checkOptions(
    "createCells",
    ofCells,
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  );
}

/** @throws TroupeError `invalid-options` */
export function checkSubmitOptions(options: SubmitOptions): void {
  checkOptions("submit", ofSubmission, options);
}
