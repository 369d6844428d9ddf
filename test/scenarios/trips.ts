/** A trip, as a program had it when its runs were started. */

import * as v from "valibot";
import { defineAgent, defineWorkflow } from "../../src/index.ts";
import { noted, second } from "./tasks.ts";

const Asked = v.object({ trip: v.string(), fails: v.optional(v.boolean(), false) });

const booker = (name: string, undoes: boolean) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: Asked,
    output: v.object({ by: v.string() }),
    async execute({ fails }, context) {
      noted.begun.push(String(context.step));
      await context.sleep(second);
      if (fails) throw new Error(`${name} can't`);
      noted.done.push(String(context.step));
      return { by: name };
    },
    ...(undoes ? { compensate: (_: unknown, context) => void noted.undone.push(String(context.step)) } : {}),
  });

export const quoter = booker("quoter", false);
export const hotel = booker("hotel", true);
export const flight = booker("flight", true);
export const insurer = booker("insurer", true);

export const confirmer = defineAgent(import.meta.url, {
  name: "confirmer",
  version: "1.0.0",
  input: v.object({ parts: v.array(v.string()), fails: v.optional(v.boolean(), false) }),
  output: v.array(v.string()),
  async execute({ parts, fails }, context) {
    await context.sleep(second);
    if (fails) throw new Error("nobody answers");
    return parts;
  },
});

export const Trip = v.object({ trip: v.string(), fails: v.optional(v.string()) });
type Trip = v.InferOutput<typeof Trip>;
export const asked = (step: string, { trip, fails }: Trip) => ({ trip, fails: fails === step });

export const next = { name: "trip", version: "2.0.0", input: Trip, follows: ["1.0.0"] } as const;

/** One after the other: a quote, the hotel, the flight, and the confirmation of all. */
export const trip = defineWorkflow(import.meta.url, { name: "trip", version: "1.0.0", input: Trip })
  .step("quote", quoter, ({ input }) => asked("quote", input))
  .step("hotel", hotel, { after: ["quote"] }, ({ input }) => asked("hotel", input))
  .step("flight", flight, { after: ["hotel"] }, ({ input }) => asked("flight", input))
  .step(
    "confirm",
    confirmer,
    { after: ["quote", "hotel", "flight"] },
    ({ input, quote, hotel: room, flight: seat }) => ({
      parts: [quote.by, room.by, seat.by],
      fails: input.fails === "confirm",
    }),
  );
