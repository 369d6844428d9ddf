/**
 * Which cells a member takes and gives back: a pure function of what it sees. All members that see the same come to shares that
 * add up to all cells and differ by one at most, so none has to ask another one.
 */

/**
 * A cell, as it is at one moment.
 *
 * @since 0.1.0
 */
export interface CellSeen {
  readonly cell: number;
  readonly epoch: number;
  /** The member whose lease on it holds; `undefined` for a cell that is free. */
  readonly owner: string | undefined;
}

/** A member whose lease holds. */
export interface MemberSeen {
  readonly member: string;
  /** How often it has renewed its lease. */
  readonly renewals: number;
}

/** What a member sees at one moment. */
export interface Seen {
  readonly members: readonly MemberSeen[];
  readonly cells: readonly CellSeen[];
}

export interface Moves {
  /** Free cells that are its to take. */
  readonly take: readonly number[];
  /** A cell that it has too much. One at a time: each is somewhere else before the next one moves. */
  readonly giveBack: number | undefined;
}

const nothing: Moves = { take: [], giveBack: undefined };

export function movesOf(me: string, { members, cells }: Seen): Moves {
  // one that has not renewed yet may be gone in a moment, and must move nothing
  const counted = members.flatMap(({ member, renewals }) => (renewals > 0 ? [member] : []));
  if (!counted.includes(me)) return nothing;
  const owned = new Map(counted.map((member): [string, number[]] => [member, []]));
  for (const { cell, owner } of cells) if (owner !== undefined) owned.get(owner)?.push(cell);
  const countOf = (member: string): number => owned.get(member)?.length ?? 0;
  // who has more keeps the one that is left over
  const ranked = counted.sort((a, b) => countOf(b) - countOf(a) || (a < b ? -1 : 1));
  const share = Math.floor(cells.length / ranked.length);
  const shareOf = (rank: number): number => share + (rank < cells.length % ranked.length ? 1 : 0);
  const rank = ranked.indexOf(me);
  const surplus = countOf(me) - shareOf(rank);
  if (surplus > 0) return { take: [], giveBack: Math.max(...(owned.get(me) as number[])) };
  // each takes other ones than those before it in the same ranking
  const before = ranked.slice(0, rank).reduce((sum, member, i) => sum + Math.max(0, shareOf(i) - countOf(member)), 0);
  const free = cells.flatMap(({ cell, owner }) => (owner === undefined ? [cell] : []));
  return { take: free.slice(before, before - surplus), giveBack: undefined };
}
