/** The argument `--tenant`. */

import * as v from "valibot";
import { tenantSchema } from "../../contracts/tenant.ts";
import type { Arguments } from "./arguments.ts";

/** The tenant that is given; `undefined` for none. @throws TroupeError `invalid-options` for what can't be one. */
export function tenantOf(given: Arguments): string | undefined {
  const tenant = given.optional("tenant", "--tenant NAME");
  const { issues } = v.safeParse(v.optional(tenantSchema), tenant);
  if (issues !== undefined) throw given.wrong(`--tenant: ${issues[0].message}`);
  return tenant;
}
