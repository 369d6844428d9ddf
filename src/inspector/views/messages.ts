/** The messages that no actor processed. */

import type { Shown } from "../source/content.ts";
import type { LetterGroup } from "../source/recent.ts";
import type { View } from "./view.ts";

const mostGroups = 50;

export interface ShownLetter {
  readonly number: number;
  readonly time: number;
  readonly reason: string;
  readonly to: string;
  readonly from?: string;
  readonly type: string;
  readonly payload: Shown;
  readonly detail?: string;
  /** True once it was sent again. */
  readonly isSentAgain?: true;
}

export interface MessagesData {
  readonly isLive: boolean;
  readonly isReadOnly: boolean;
  /** How many there were since the inspector was opened. */
  readonly count: number;
  readonly byReason: Readonly<Record<string, number>>;
  /** By reason and actor, those that got one last first. */
  readonly groups: readonly LetterGroup[];
  /** The newest first. */
  readonly letters: readonly ShownLetter[];
}

export const messages: View<MessagesData> = (query) => {
  const before = query.optionalWhole("before", { least: 1 });
  const limit = query.whole("limit", { least: 1, most: 500, otherwise: 100 });
  return async ({ inspected: { live }, recent, content, isReadOnly }) => ({
    isLive: live !== undefined,
    isReadOnly,
    count: recent.deadLetters.count,
    byReason: (await live?.stats())?.deadLetters ?? {},
    groups: recent.letterGroups.list.slice(0, mostGroups),
    letters: recent.deadLetters.list(limit, before).map(({ number, time, of }) => ({
      number,
      time,
      reason: of.reason,
      to: of.to,
      ...(of.from === undefined ? {} : { from: of.from }),
      type: of.type,
      payload: content.shown("troupe.message.payload", of.payload),
      ...(of.detail === undefined ? {} : { detail: content.text("exception.message", of.detail) }),
      ...(recent.sentAgain.has(of) ? { isSentAgain: true as const } : {}),
    })),
  });
};
