/** What the program `fixtures/credit.ts` and the check of its work have in common. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Application } from "../../examples/credit/application.ts";
import { generateApplications } from "../../examples/credit/generate-applications.ts";
import { readApplications } from "../../examples/credit/read-applications.ts";

const statlog = fileURLToPath(new URL("../../../shared/data/german-credit.data", import.meta.url));

/** 1,000 applications: the Statlog data where it is there, made-up ones otherwise. */
export async function applications(): Promise<readonly Application[]> {
  if (!existsSync(statlog)) return generateApplications({ seed: 7, count: 1000 });
  return (await readApplications(statlog, "statlog")).map((row) => {
    if ("error" in row) throw new Error(row.error);
    return row.application;
  });
}

/** The file of the letters, beside the journal in its directory. */
export const lettersIn = (directory: string): string => join(directory, "letters");
