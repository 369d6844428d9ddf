/**
 * Shares of cells, by members that come, go and die, over a database that is played: what they see is as of a moment, and what they do comes
 * later.
 */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { movesOf, type Moves, type Seen } from "../../../../src/adapters/postgres/cells/balance.ts";
import { schedules } from "../../../schedules.ts";

type Step =
  | { readonly do: "join" | "pass" }
  | { readonly do: "renew" | "look" | "act" | "leave" | "die" | "come and go"; readonly member: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Step>({ do: "join" }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: "pass" }) },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constantFrom("renew", "look", "look", "act", "act", "leave", "die", "come and go"),
      member: fc.nat(7),
    }),
  },
);

const lease = 4;

/** The tables, and processes that go by them. */
class World {
  readonly #cells: { readonly cell: number; epoch: number; owner: string | undefined; until: number }[];
  readonly #rows = new Map<string, { renewals: number; until: number }>();
  readonly alive: string[] = [];
  readonly #seen = new Map<string, Moves>();
  /** Who has had each cell in each epoch. */
  readonly #owners = new Map<string, string>();
  #now = 0;
  #members = 0;

  constructor(cells: number) {
    this.#cells = Array.from({ length: cells }, (_, i) => ({ cell: i + 1, epoch: 0, owner: undefined, until: 0 }));
  }

  get seen(): Seen {
    const members = [...this.#rows].filter(([, { until }]) => until >= this.#now);
    return {
      members: members.map(([member, { renewals }]) => ({ member, renewals })),
      cells: this.#cells.map(({ cell, epoch, owner, until }) => ({
        cell,
        epoch,
        owner: until >= this.#now ? owner : undefined,
      })),
    };
  }

  get epochs(): readonly number[] {
    return this.#cells.map(({ epoch }) => epoch);
  }

  /** How many cells each member that counts has. */
  get shares(): readonly number[] {
    const { members, cells } = this.seen;
    return members.map(({ member }) => cells.filter(({ owner }) => owner === member).length);
  }

  join(): string {
    const member = `member ${++this.#members}`;
    this.#rows.set(member, { renewals: 0, until: this.#now + lease });
    this.alive.push(member);
    return member;
  }

  /** The lease of a member, and those of its cells. */
  renew(member: string): void {
    const row = this.#rows.get(member);
    if (row === undefined || row.until < this.#now) this.#rows.set(member, { renewals: 0, until: this.#now + lease });
    else this.#rows.set(member, { renewals: row.renewals + 1, until: this.#now + lease });
    for (const head of this.#cells)
      if (head.owner === member && head.until >= this.#now) head.until = this.#now + lease;
  }

  look(member: string): void {
    this.#seen.set(member, movesOf(member, this.seen));
  }

  act(member: string): void {
    const { take, giveBack } = this.#seen.get(member) ?? { take: [], giveBack: undefined };
    this.#seen.delete(member);
    for (const head of this.#cells) {
      const isFree = head.owner === undefined || head.until < this.#now;
      if (take.includes(head.cell) && isFree) {
        head.epoch++;
        head.owner = member;
        head.until = this.#now + lease;
        const place = `${head.cell}/${head.epoch}`;
        if (this.#owners.has(place)) throw new Error(`${place} has two owners`);
        this.#owners.set(place, member);
      } else if (head.cell === giveBack && head.owner === member) head.owner = undefined;
    }
  }

  leave(member: string): void {
    this.#rows.delete(member);
    for (const head of this.#cells) if (head.owner === member) head.owner = undefined;
    this.die(member);
  }

  die(member: string): void {
    this.alive.splice(this.alive.indexOf(member), 1);
    this.#seen.delete(member);
  }

  pass(): void {
    this.#now++;
  }

  step(step: Step): void {
    if (!("member" in step)) return void this[step.do]();
    const member = this.alive[step.member % this.alive.length];
    if (member === undefined) return;
    if (step.do !== "come and go") return this[step.do](member);
    const before = this.epochs;
    const passing = this.join();
    for (const one of this.alive) this.look(one);
    this.act(passing);
    this.leave(passing);
    if (this.epochs.some((epoch, i) => epoch !== before[i]))
      throw new Error("one that comes and goes has taken a cell");
  }

  /** Everyone looks and acts in turn, for so long as leases last. */
  settle(rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      this.pass();
      for (const member of this.alive) this.renew(member);
      for (const member of this.alive) {
        this.look(member);
        this.act(member);
      }
    }
  }
}

const aWorld = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.array(anyStep, { maxLength: 80 }));

describe("the shares of cells", () => {
  it("come to within one of each other, with no cell left over and one owner in each epoch", () => {
    fc.assert(
      fc.property(aWorld, ([cells, steps]) => {
        const world = new World(cells);
        for (const step of steps) world.step(step);
        if (world.alive.length === 0) world.join();
        world.settle(lease + 2 + 2 * cells);
        const { shares } = world;
        expect(shares).toHaveLength(world.alive.length);
        expect(
          shares.reduce((sum, share) => sum + share, 0),
          "all cells are owned",
        ).toBe(cells);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        const before = world.epochs;
        world.settle(3);
        expect(world.epochs, "nothing moves where all have their share").toEqual(before);
      }),
      { numRuns: schedules * 8 },
    );
  });

  it("move no cell of any other where one member comes, but those that are its share", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), (cells, members) => {
        const world = new World(cells);
        for (let i = 0; i < members; i++) world.join();
        world.settle(lease + 2 + 2 * cells);
        const before = world.seen.cells;
        const epochs = world.epochs.reduce((sum, epoch) => sum + epoch, 0);
        const newcomer = world.join();
        world.settle(lease + 2 + 2 * cells);
        const moved = world.seen.cells.filter(({ owner }, i) => owner !== before[i]?.owner);
        expect(moved.every(({ owner }) => owner === newcomer)).toBe(true);
        expect(moved).toHaveLength(Math.floor(cells / (members + 1)));
        expect(world.epochs.reduce((sum, epoch) => sum + epoch, 0)).toBe(epochs + moved.length);
      }),
      { numRuns: schedules * 2 },
    );
  });

  it("move nothing where a member comes and goes before it counts", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), (cells, members) => {
        const world = new World(cells);
        for (let i = 0; i < members; i++) world.join();
        world.settle(lease + 2 + 2 * cells);
        const before = world.seen.cells;
        world.step({ do: "come and go", member: 0 });
        world.settle(3);
        expect(world.seen.cells).toEqual(before);
      }),
      { numRuns: schedules * 2 },
    );
  });
});
