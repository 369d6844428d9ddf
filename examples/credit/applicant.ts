/** The state that the agents share: a family of versioned keys, `applicant/<id>`. */

import { defineState } from "troupe";
import { Applicant } from "./contracts.ts";

export const applicant = defineState({ name: "applicant", version: 1, schema: Applicant });
