/** The support desk: the workflow with specialists that ask the model. */

import { model } from "./model.ts";
import { specialist } from "./specialists.ts";
import { supportWorkflow } from "./support-workflow.ts";

export const billing = specialist(import.meta.url, "billing", model);
export const delivery = specialist(import.meta.url, "delivery", model);
export const technical = specialist(import.meta.url, "technical", model);

export const desk = supportWorkflow(import.meta.url, "support", { billing, delivery, technical });
