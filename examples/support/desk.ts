/** The support desk: the workflow with the model. */

import { model } from "./model.ts";
import { supportWorkflow } from "./support-workflow.ts";

export const desk = supportWorkflow(import.meta.url, "support", model);
