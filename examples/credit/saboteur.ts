/**
 * Decides which calls meet a fault, and counts them. One actor, on the system's own thread, which no fault of an agent ends.
 *
 * What a step meets is a sequence by the seed: it meets the next fault of it only when it has met the one before, and none once the
 * sequence says so. So a seed has the same faults in every run, however often calls are lost by what others met; but for the
 * few that come to who is lost right after a fault that would have been the last.
 */

import { defineActor } from "troupe";
import * as v from "valibot";
import { FAULTS, type FaultKind, faultOf, type FaultRates } from "./faults.ts";

const Kind = v.picklist(FAULTS);
const PerKind = v.strictObject({
  kill: v.number(),
  stall: v.number(),
  throw: v.number(),
  hang: v.number(),
  slow: v.number(),
});
const Fault = v.strictObject({ kind: Kind, moment: v.picklist(["before", "after"]), way: v.number() });
const Counts = v.strictObject({ calls: v.number(), faults: PerKind });

interface Sabotage {
  seed: number;
  rates: FaultRates;
  /** How many faults each step of each applicant has met. */
  readonly met: Map<string, number>;
  calls: number;
  readonly struck: Record<FaultKind, number>;
}

const none = { kill: 0, stall: 0, throw: 0, hang: 0, slow: 0 };

export const saboteur = defineActor(import.meta.url, {
  name: "saboteur",
  protocol: {
    /** Comes first. */
    plan: { input: v.strictObject({ seed: v.number(), rates: PerKind }) },
    /** A call of a step's agent is about to begin. */
    begin: { input: v.strictObject({ step: v.string() }), reply: v.optional(Fault) },
    /** A call is about to meet its fault. To be asked, since a fault that ends the thread can't be reported afterwards. */
    strike: { input: v.strictObject({ step: v.string(), kind: Kind }) },
    counts: { reply: Counts },
  },
  placement: { thread: 0 },
  state: (): Sabotage => ({ seed: 0, rates: none, met: new Map(), calls: 0, struck: { ...none } }),
  on: {
    plan(sabotage, { seed, rates }) {
      sabotage.seed = seed;
      sabotage.rates = rates;
    },
    begin(sabotage, { step }) {
      sabotage.calls++;
      return faultOf(sabotage.seed, sabotage.rates, step, sabotage.met.get(step) ?? 0);
    },
    strike(sabotage, { step, kind }) {
      sabotage.met.set(step, 1 + (sabotage.met.get(step) ?? 0));
      sabotage.struck[kind]++;
    },
    counts: ({ calls, struck }) => ({ calls, faults: struck }),
  },
});

/** Its name in a system. */
export const saboteurName = "saboteur";
