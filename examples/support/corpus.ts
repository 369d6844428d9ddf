/** What the specialists look things up in, and how. Pure. */

import type { Passage, Topic } from "./contracts.ts";

const corpus: readonly (Passage & { readonly topic: Topic })[] = [
  {
    topic: "billing",
    title: "Charged twice",
    text: "If you were charged twice, we pay back all that you paid for the order.",
  },
  { topic: "billing", title: "Returns", text: "What you send back within 30 days is refunded in full." },
  { topic: "billing", title: "Invoices", text: "Invoices are sent by mail on the first of each month." },
  { topic: "delivery", title: "Late parcels", text: "If a parcel is late, you get a tenth of the price back." },
  { topic: "delivery", title: "Tracking", text: "The parcel's number is in the letter that says it is on its way." },
  { topic: "technical", title: "No light", text: "If a lamp stays dark, switch its transformer off for a minute." },
  { topic: "technical", title: "The app", text: "If the app crashes, install its newest version." },
];

/** The passages of a topic that share most words with a text, best first; two at most. */
export function lookUp(topic: Topic, text: string): readonly Passage[] {
  const asked = wordsOf(text);
  return corpus
    .filter((passage) => passage.topic === topic)
    .map(({ title, text: told }) => ({ title, text: told, score: shared(wordsOf(`${title} ${told}`), asked) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, 2)
    .map(({ title, text: told }) => ({ title, text: told }));
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[a-z]{4,}/g));

const shared = (one: ReadonlySet<string>, other: ReadonlySet<string>): number =>
  [...one].filter((word) => other.has(word)).length;
