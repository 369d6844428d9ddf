/** Which actors an actor talks with: read off the spans of what was handled. */

import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import type { SpanMemory } from "../source/span-memory.ts";

/** Messages of one type from one actor to another. */
export interface Peer {
  /** Absent for code outside any actor. */
  readonly address?: string;
  readonly type: string;
  readonly count: number;
  readonly failed: number;
  /** When the last of them was begun. */
  readonly last: number;
  /** How long their handling took, on average; in milliseconds. */
  readonly took: number;
}

const most = 100;

/** The senders and receivers of an actor's messages, the latest first. */
export function peersOf(spans: SpanMemory, address: string): { readonly senders: Peer[]; readonly receivers: Peer[] } {
  const senders = new Map<string, Tally>();
  const receivers = new Map<string, Tally>();
  for (const span of spans.all()) {
    const { [names.actor]: to, [names.sender]: from, [names.messageType]: type } = span.attributes;
    if (typeof to !== "string" || typeof type !== "string") continue;
    if (to === address) count(senders, typeof from === "string" ? from : undefined, type, span);
    if (from === address) count(receivers, to, type, span);
  }
  return { senders: listed(senders), receivers: listed(receivers) };
}

interface Tally {
  readonly address: string | undefined;
  readonly type: string;
  count: number;
  failed: number;
  last: number;
  sum: number;
}

function count(tallies: Map<string, Tally>, address: string | undefined, type: string, span: Span): void {
  const key = `${type} ${address ?? ""}`;
  const tally = tallies.get(key) ?? { address, type, count: 0, failed: 0, last: 0, sum: 0 };
  tallies.set(key, tally);
  tally.count++;
  if (span.failure !== undefined) tally.failed++;
  tally.last = Math.max(tally.last, span.start);
  tally.sum += (span.end ?? span.start) - span.start;
}

function listed(tallies: ReadonlyMap<string, Tally>): Peer[] {
  return [...tallies.values()]
    .sort((one, other) => other.last - one.last)
    .slice(0, most)
    .map(({ address, sum, ...tally }) => ({
      ...(address === undefined ? {} : { address }),
      ...tally,
      took: sum / tally.count,
    }));
}
