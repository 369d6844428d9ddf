/** Actors that work on several keys at once: at a bank and in a hospital. */

import * as v from "valibot";
import { defineActor, defineState } from "../../src/index.ts";

export const startingCents = 100;

export const account = defineState({
  name: "account",
  version: 1,
  schema: v.object({ cents: v.pipe(v.number(), v.minValue(0)), transfers: v.number() }),
  initial: () => ({ cents: startingCents, transfers: 0 }),
});

export const teller = defineActor(import.meta.url, {
  name: "teller",
  protocol: {
    /** Moves cents if they are there; answers whether. */
    transfer: { input: v.object({ from: v.string(), to: v.string(), cents: v.number() }), reply: v.boolean() },
    /** Answers with the sum over accounts at one time. */
    audit: { input: v.object({ accounts: v.array(v.string()) }), reply: v.number() },
  },
  on: {
    async transfer(_draft, { from, to, cents }, context) {
      let moved = false;
      const keys = [
        [account, from],
        [account, to],
      ] as const;
      await context.transact(keys, ([source, target]) => {
        moved = source.cents >= cents;
        if (!moved) return;
        source.cents -= cents;
        source.transfers++;
        target.cents += cents;
        target.transfers++;
      });
      return moved;
    },
    async audit(_draft, { accounts }, context) {
      const snapshots = await context.transact(
        accounts.map((id) => [account, id] as const),
        () => undefined,
      );
      return snapshots.reduce((sum, { state }) => sum + state.cents, 0);
    },
  },
});

export const doctor = defineState({
  name: "doctor",
  version: 1,
  schema: v.object({ onCall: v.boolean() }),
  initial: () => ({ onCall: true }),
});

export const ward = defineActor(import.meta.url, {
  name: "ward",
  protocol: {
    /** Lets a doctor go home if another one stays; answers whether. Writes nothing but that doctor. */
    release: { input: v.object({ name: v.string(), others: v.array(v.string()) }), reply: v.boolean() },
    /** Calls a doctor back. */
    call: { input: v.object({ name: v.string() }) },
    /** Answers how many are on call at one time. */
    onCall: { input: v.object({ names: v.array(v.string()) }), reply: v.number() },
  },
  on: {
    async release(_draft, { name, others }, context) {
      let isReleased = false;
      const keys = [name, ...others].map((one) => [doctor, one] as const);
      await context.transact(keys, ([own, ...rest]) => {
        isReleased = own !== undefined && rest.some(({ onCall }) => onCall);
        if (own !== undefined && isReleased) own.onCall = false;
      });
      return isReleased;
    },
    async call(_draft, { name }, context) {
      await context.commit(doctor, name, (draft) => void (draft.onCall = true));
    },
    async onCall(_draft, { names }, context) {
      const snapshots = await context.transact(
        names.map((name) => [doctor, name] as const),
        () => undefined,
      );
      return snapshots.filter(({ state }) => state.onCall).length;
    },
  },
});
