/** The journal on JetStream does what every journal owes. */

import { describe } from "vitest";
import { hasNats, natsJournals } from "../../nats/journals.ts";
import { testJournalContract } from "../../store/support/journal-contract.ts";

const { open, reopen } = natsJournals();

describe.skipIf(!hasNats())("a journal on JetStream", () => {
  testJournalContract(() => open(), reopen);
});
