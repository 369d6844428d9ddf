/** The schema of the option `tenant`: for whom a run or a call is. */

import * as v from "valibot";

const longest = 256;

export const tenantSchema = v.custom<string>(
  (tenant) => typeof tenant === "string" && tenant !== "" && tenant.length <= longest,
  ({ received }) => `expected a text of 1 to ${longest} characters, received ${received}`,
);
