/** What the program `fixtures/credit.ts` and the check of its work have in common. */

import { join } from "node:path";
import type { Application } from "../../examples/credit/application.ts";
import { sampleAt } from "../../examples/credit/options.ts";
import { readApplications } from "../../examples/credit/read-applications.ts";

/** The first `count` of the 1,000 applications of the German Credit data. */
export async function applications(count: number): Promise<readonly Application[]> {
  const { input, format } = sampleAt("german");
  return (await readApplications(input, format)).slice(0, count).map((row) => {
    if ("error" in row) throw new Error(row.error);
    return row.application;
  });
}

/** The file of the letters, beside the journal in its directory. */
export const lettersIn = (directory: string): string => join(directory, "letters");
