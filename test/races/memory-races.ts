/** Races of parts that share memory, each step of which is a turn: locks, conditions, and algorithms that do without. */

import assert from "node:assert/strict";
import type { ActorContext } from "../../src/index.ts";
import { atOnce, race, rareRace, times, turn } from "./players.ts";

/** A lock that is held by one part at a time. */
class Mutex {
  #isHeld = false;
  readonly #waiting: (() => void)[] = [];

  async acquire(): Promise<void> {
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#isHeld = true;
    next();
  }
}

/** What parts wait for, until another one says that it may be so. */
class Condition {
  readonly #waiting: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  notify(): void {
    this.#waiting.shift()?.();
  }

  notifyAll(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export const memoryRaces = [
  ...[3, 5, 7].map((count) =>
    race(`${count} dining philosophers`, (isFixed) => async ({ system }) => {
      const forks = Array.from({ length: count }, () => new Mutex());
      await atOnce(
        system,
        ...times(count, (n) => async (context) => {
          const [first, second] = [n, (n + 1) % count].toSorted((a, b) => (isFixed ? a - b : 0)) as [number, number];
          await forks[first]?.acquire();
          await turn(context);
          await forks[second]?.acquire();
          await turn(context);
          forks[first]?.release();
          forks[second]?.release();
        }),
      );
    }),
  ),

  race("bounded buffer that loses a wake-up", (isFixed) => async ({ system }) => {
    let items = 0;
    const changed = new Condition();
    const step = (from: number, to: number) => async (context: ActorContext) => {
      const isReady = (): boolean => items === from;
      for (let round = 0; round < 2; round++) {
        while (!isReady()) {
          await changed.wait();
          await turn(context); // another one may be first
        }
        items = to;
        if (isFixed) changed.notifyAll();
        else changed.notify();
        await turn(context);
      }
    };
    await atOnce(system, ...times(2, () => step(0, 1)), ...times(2, () => step(1, 0)));
    assert.equal(items, 0);
  }),

  race("two locks for one thing", (isFixed) => async ({ system }) => {
    let count = 0;
    const one = new Mutex();
    const locks = [one, isFixed ? one : new Mutex()];
    await atOnce(
      system,
      ...locks.map((lock) => async (context: ActorContext) => {
        await lock.acquire();
        const before = count;
        await turn(context);
        count = before + 1;
        lock.release();
      }),
    );
    assert.equal(count, 2);
  }),

  race("Peterson's algorithm with its first two steps exchanged", (isFixed) => async ({ system }) => {
    const wants = [false, false];
    let [last, inside] = [0, 0];
    await atOnce(
      system,
      ...times(2, (self) => async (context) => {
        const other = 1 - self;
        const want = (): void => void (wants[self] = true);
        const giveWay = (): void => void (last = self);
        for (const step of isFixed ? [want, giveWay] : [giveWay, want]) {
          step();
          await turn(context);
        }
        const waits = (): boolean => wants[other] === true && last === self;
        while (waits()) await turn(context);
        inside++;
        await turn(context);
        assert.equal(inside, 1);
        inside--;
        wants[self] = false;
      }),
    );
  }),

  race("token ring that a station reads too early", (isFixed) => async ({ system }) => {
    const ring = [0, 0, 0];
    const passed = [new Condition(), new Condition()];
    let round = 0;
    await atOnce(
      system,
      ...times(3, (station) => async (context) => {
        await turn(context);
        const isEarly = (): boolean => isFixed && round < station;
        while (isEarly()) await passed[station - 1]?.wait();
        ring[station] = station === 0 ? 1 : (ring[station - 1] ?? 0);
        round++;
        passed[station]?.notify();
      }),
    );
    assert.deepEqual(ring, [1, 1, 1]);
  }),

  ...[25, 100].map((steps) =>
    race(`a listener that comes after ${steps} steps of another part`, (isFixed) => async ({ system }) => {
      let [isOver, heard] = [false, false];
      let listener = (): void => undefined;
      await atOnce(
        system,
        async (context) => {
          for (let n = 0; n < steps; n++) await turn(context);
          isOver = true;
          listener();
        },
        async (context) => {
          await turn(context);
          listener = () => void (heard = true);
          if (isFixed && isOver) heard = true;
        },
      );
      assert.ok(heard);
    }),
  ),

  rareRace("five increments, twice, that come to two", (isFixed) => async ({ system }) => {
    let count = 0;
    await atOnce(
      system,
      ...times(2, () => async (context) => {
        for (let n = 0; n < 5; n++) {
          const before = count;
          await turn(context);
          count = (isFixed ? count : before) + 1;
          await turn(context);
        }
      }),
    );
    assert.notEqual(count, 2);
  }),
];
