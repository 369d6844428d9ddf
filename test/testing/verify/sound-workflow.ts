/** A workflow of one of everything, which has no fault. */

import * as v from "valibot";
import { defineWorkflow } from "../../../src/index.ts";
import { assess, claim, inspect, pay, reserve, split } from "./claims.ts";

export const sound = claim("sound")
  .step("assess", assess, ({ input }) => input)
  .step("split", split, { after: ["assess"] }, ({ input }) => input)
  .each(
    "inspect",
    inspect,
    { after: ["split"], over: ({ split: { parts } }) => parts, tolerate: "all" },
    ({ item }) => ({
      part: item,
    }),
  )
  .loop(
    "again",
    { assess, split },
    {
      after: ["split"],
      max: 4,
      onMax: "accept",
      inbox: v.string(),
      until: ({ last, by }) => by === "assess" && last.risk > 0.5,
      who: ({ by }) => (by === "assess" ? "split" : "assess"),
    },
    { assess: ({ input, told }) => ({ ...input, id: `${input.id}${told.join("")}` }), split: ({ input }) => input },
  )
  .each(
    "approve",
    defineWorkflow("test:verify", { name: "approval", version: "1.0.0", input: v.object({ part: v.string() }) })
      .step("look", inspect, ({ input }) => input)
      .waitFor("agree", { after: ["look"], answer: v.boolean(), timeout: 1_000 }, () => "ok?")
      .loop(
        "again",
        inspect,
        { after: ["agree"], max: 2, onMax: "accept", inbox: v.string(), until: ({ round }) => round > 1 },
        ({ input }) => input,
      ),
    { after: ["split"], over: ({ split: { parts } }) => parts, tolerate: "all" },
    ({ item }) => ({ part: item }),
  )
  .waitFor(
    "ok",
    {
      after: ["assess"],
      when: ({ input: { cents } }) => cents > 1_000,
      answer: v.object({ isApproved: v.boolean() }),
      timeout: 86_400_000,
      otherwise: () => ({ isApproved: false }),
    },
    ({ assess: { risk } }) => `risk ${risk}`,
  )
  .step("reserve", reserve, { after: ["ok"], when: ({ ok }) => ok.isApproved }, ({ input: { cents } }) => ({
    cents: cents + 1,
  }))
  .step("pay", pay, { after: ["inspect"], needs: ["reserve"] }, ({ input: { id }, inspect: parts }) => ({
    id,
    share: parts.length,
  }));
