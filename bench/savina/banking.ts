/** A teller moves money between accounts: all that was there is there at the end. */

import { actorRef, defineActor, type RefOf } from "troupe";
import * as v from "valibot";
import { checkResult, type Program } from "./program.ts";

export const accounts = 1_000;
export const transfers = 50_000;
export const opening = 1_000;
/** Transfers in hand at a time. */
export const atOnce = 64;

export const bankAccount = defineActor(import.meta.url, {
  name: "bank-account",
  protocol: {
    debit: { input: v.number(), reply: v.number() },
    credit: { input: v.number(), reply: v.number() },
    balance: { reply: v.number() },
  },
  state: () => ({ balance: opening }),
  on: {
    debit: (draft, amount) => (draft.balance -= amount),
    credit: (draft, amount) => (draft.balance += amount),
    balance: (draft) => draft.balance,
  },
});

export const bankTeller = defineActor(import.meta.url, {
  name: "bank-teller",
  protocol: {
    open: { input: v.array(actorRef(bankAccount)), reply: v.number() },
    transfer: { input: v.number(), reply: v.number() },
  },
  state: (): { all: RefOf<typeof bankAccount>[] } => ({ all: [] }),
  on: {
    open(draft, all) {
      draft.all = all;
      return all.length;
    },
    async transfer({ all }, count, context) {
      const list = [...all];
      let left = count;
      const transferring = async (): Promise<void> => {
        while (left-- > 0) {
          const from = Math.floor(context.random() * (accounts - 1));
          const to = from + 1 + Math.floor(context.random() * (accounts - 1 - from));
          const amount = Math.floor(context.random() * 10) + 1;
          await list[from]?.ask("debit", amount);
          await list[to]?.ask("credit", amount);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, transferring));
      return count;
    },
  },
});

export const banking: Program = {
  name: "banking",
  unit: "transfers",
  work: transfers,
  async run(system, place) {
    const all = await Promise.all(
      Array.from({ length: accounts }, (_, n) => system.spawn(bankAccount, { placement: place(n) })),
    );
    const teller = await system.spawn(bankTeller, { placement: place(0) });
    await teller.ask("open", all);
    await teller.ask("transfer", transfers, { timeout: Number.POSITIVE_INFINITY });
    const balances = await Promise.all(all.map((ref) => ref.ask("balance")));
    const sum = balances.reduce((left, right) => left + right, 0);
    checkResult(this.name, sum, accounts * opening);
    await Promise.all([teller, ...all].map((ref) => system.stop(ref)));
  },
};
