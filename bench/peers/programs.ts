/** Savina's programs for libraries whose actors are a function from a state and a message to the next state, on one thread. */

import { accounts, atOnce, opening, transfers } from "../savina/banking.ts";
import { actors as peers, pings } from "../savina/big.ts";
import { capacity, consumers, items, itemsEach, producers, worked } from "../savina/bounded-buffer.ts";
import { type Colour, colours, complement, creatures, meetings } from "../savina/chameneos.ts";
import { messages } from "../savina/counting.ts";
import { meals, philosophers } from "../savina/dining-philosophers.ts";
import { fibonacciOf25, n as fibonacciInput } from "../savina/fibonacci.ts";
import { actors as forked } from "../savina/fork-join-create.ts";
import { count, longer, solutions, threshold, workers } from "../savina/n-queens.ts";
import { rounds } from "../savina/ping-pong.ts";
import { limit, primesBelow, primesEach } from "../savina/sieve.ts";
import { actors as members, hops } from "../savina/thread-ring.ts";

export interface Peer<M> {
  tell(message: M): void;
  stop(): void;
}

/** A library's actors. */
export interface Library {
  spawn<S, M>(state: S, handle: (state: S, message: M, self: Peer<M>) => S): Peer<M>;
  /** Answers what the actor tells the sender that is in the message. */
  ask<M>(peer: Peer<M>, message: (sender: Pick<Peer<number>, "tell">) => M): Promise<number>;
  end(): void;
}

interface LibraryProgram {
  readonly expected: number;
  run(library: Library, done: (result: number) => void): void;
}

export const libraryPrograms: Readonly<Record<string, LibraryProgram>> = {
  "ping-pong": {
    expected: 2 * rounds,
    run({ spawn }, done) {
      interface Ball {
        played: number;
        from: Peer<Ball>;
      }
      const player = (): Peer<Ball> =>
        spawn(0, (state, { played, from }: Ball, self) => {
          if (played < 2 * rounds) from.tell({ played: played + 1, from: self });
          else done(played);
          return state;
        });
      player().tell({ played: 0, from: player() });
    },
  },
  counting: {
    expected: messages,
    run({ spawn, ask }, done) {
      type Message = { sender?: Pick<Peer<number>, "tell"> };
      const counter = spawn(0, (total, { sender }: Message) => {
        sender?.tell(total);
        return sender === undefined ? total + 1 : total;
      });
      const producer = spawn(0, (state) => {
        for (let n = 0; n < messages; n++) counter.tell({});
        void ask(counter, (sender) => ({ sender })).then(done);
        return state;
      });
      producer.tell({});
    },
  },
  "fork-join create": {
    expected: forked,
    run({ spawn }, done) {
      let joined = 0;
      for (let n = 0; n < forked; n++) {
        const actor = spawn(0, (state, input: number, self) => {
          if (Number.isNaN(Math.sin(input) * Math.cos(input))) throw new Error(`no number for ${input}`);
          self.stop();
          if (++joined === forked) done(joined);
          return state;
        });
        actor.tell(n);
      }
    },
  },
  "thread ring": {
    expected: hops,
    run({ spawn }, done) {
      interface Message {
        join?: Peer<Message>;
        hop: number;
      }
      const ring = Array.from({ length: members }, () =>
        spawn<Peer<Message> | null, Message>(null, (next, { join, hop }) => {
          if (join !== undefined) return join;
          if (hop < hops) next?.tell({ hop: hop + 1 });
          else done(hop);
          return next;
        }),
      );
      for (const [n, actor] of ring.entries()) {
        const join = ring[(n + 1) % members];
        if (join !== undefined) actor.tell({ join, hop: 0 });
      }
      ring[0]?.tell({ hop: 0 });
    },
  },
  chameneos: {
    expected: 2 * meetings,
    run({ spawn }, done) {
      type ToCreature = "enter" | "closed" | { meet: Colour };
      type Visit = { creature: Peer<ToCreature>; colour: Colour };
      let waiting: Visit | undefined;
      let left = meetings;
      let gone = 0;
      const mall = spawn(0, (met, message: Visit | number) => {
        if (typeof message === "number") {
          if (++gone === creatures) done(met + message);
          return met + message;
        }
        const first = waiting;
        if (left === 0) message.creature.tell("closed");
        else if (first === undefined) waiting = message;
        else {
          waiting = undefined;
          left--;
          first.creature.tell({ meet: message.colour });
          message.creature.tell({ meet: first.colour });
        }
        return met;
      });
      for (let n = 0; n < creatures; n++) {
        const state = { colour: colours[n % 3] ?? "yellow", met: 0 };
        const actor = spawn(state, ({ colour, met }, message: ToCreature, self) => {
          if (message === "closed") mall.tell(met);
          if (message === "closed") return { colour, met };
          const next =
            message === "enter" ? { colour, met } : { colour: complement(colour, message.meet), met: met + 1 };
          mall.tell({ creature: self, colour: next.colour });
          return next;
        });
        actor.tell("enter");
      }
    },
  },
  big: {
    expected: peers * pings,
    run({ spawn }, done) {
      interface Message {
        ping?: Peer<Message>;
        isPong?: boolean;
      }
      const sink = spawn(0, (answered, more: number) => {
        if (answered + more === peers * pings) done(answered + more);
        return answered + more;
      });
      const all = Array.from({ length: peers }, () =>
        spawn(pings, (left, { ping, isPong }: Message, self) => {
          if (ping !== undefined) ping.tell({ isPong: true });
          if (ping !== undefined) return left;
          const next = isPong === true ? left - 1 : left;
          if (next === 0) sink.tell(pings);
          else all[Math.floor(Math.random() * peers)]?.tell({ ping: self });
          return next;
        }),
      );
      for (const actor of all) actor.tell({});
    },
  },
  "bounded buffer": {
    expected: items,
    run({ spawn }, done) {
      type Put = { item: number; maker: Peer<null> };
      const makers: Peer<null>[] = [];
      const eaters: Peer<number | null>[] = [];
      const stored: number[] = [];
      let taken = 0;
      const give = (eater: Peer<number | null>, item: number): void => {
        eater.tell(item);
        if (++taken === items) done(taken);
      };
      const buffer = spawn(0, (state, message: Put | Peer<number | null>) => {
        if ("item" in message) {
          const eater = eaters.shift();
          if (eater === undefined) stored.push(message.item);
          else give(eater, message.item);
          if (stored.length < capacity) message.maker.tell(null);
          else makers.push(message.maker);
          return state;
        }
        const item = stored.shift();
        if (item === undefined) eaters.push(message);
        else {
          give(message, item);
          makers.shift()?.tell(null);
        }
        return state;
      });
      for (let n = 0; n < consumers; n++) {
        const eater = spawn(0, (state, item: number | null, self) => {
          if (item !== null && Number.isNaN(worked(item))) throw new Error(`item ${item} is no number`);
          buffer.tell(self);
          return state;
        });
        eater.tell(null);
      }
      for (let n = 0; n < producers; n++) {
        const maker = spawn(0, (made, _message: null, self) => {
          if (made < itemsEach) buffer.tell({ item: worked(made + 1), maker: self });
          return made + 1;
        });
        maker.tell(null);
      }
    },
  },
  "dining philosophers": {
    expected: philosophers * meals,
    run({ spawn }, done) {
      type Message = { type: "hungry" | "done" | "left"; seat: number; who: Peer<string> };
      const taken = Array.from({ length: philosophers }, () => false);
      let left = 0;
      const arbiter = spawn(0, (eaten, { type, seat, who }: Message) => {
        const right = (seat + 1) % philosophers;
        if (type === "left" && ++left === philosophers) done(eaten);
        if (type === "done") taken[seat] = taken[right] = false;
        if (type !== "hungry") return type === "done" ? eaten + 1 : eaten;
        const isFree = taken[seat] === false && taken[right] === false;
        if (isFree) taken[seat] = taken[right] = true;
        who.tell(isFree ? "eat" : "denied");
        return eaten;
      });
      for (let seat = 0; seat < philosophers; seat++) {
        const philosopher = spawn(0, (ate, message: string, who) => {
          const next = message === "eat" ? ate + 1 : ate;
          if (message === "eat") arbiter.tell({ type: "done", seat, who });
          arbiter.tell({ type: next === meals ? "left" : "hungry", seat, who });
          return next;
        });
        philosopher.tell("start");
      }
    },
  },
  banking: {
    expected: accounts * opening,
    run({ spawn, ask }, done) {
      type Change = { amount: number; sender: Pick<Peer<number>, "tell"> };
      const all = Array.from({ length: accounts }, () =>
        spawn(opening, (balance, { amount, sender }: Change) => {
          sender.tell(balance + amount);
          return balance + amount;
        }),
      );
      const change = async (account: Peer<Change> | undefined, amount: number): Promise<number> =>
        account === undefined ? Number.NaN : await ask(account, (sender) => ({ amount, sender }));
      let left = transfers;
      const transferring = async (): Promise<void> => {
        while (left-- > 0) {
          const from = Math.floor(Math.random() * (accounts - 1));
          const to = from + 1 + Math.floor(Math.random() * (accounts - 1 - from));
          const amount = Math.floor(Math.random() * 10) + 1;
          await change(all[from], -amount);
          await change(all[to], amount);
        }
      };
      const sum = async (): Promise<number> => {
        await Promise.all(Array.from({ length: atOnce }, transferring));
        const balances = await Promise.all(all.map((account) => change(account, 0)));
        return balances.reduce((total, balance) => total + balance, 0);
      };
      const teller = spawn(0, (state) => {
        void sum().then(done);
        return state;
      });
      teller.tell({});
    },
  },
  "n-queens": {
    expected: solutions,
    run({ spawn }, done) {
      type Work = { board: readonly number[]; depth: number };
      type Result = number | { boards: readonly (readonly number[])[]; depth: number };
      let next = 0;
      let open = 1;
      const master = spawn(0, (found, result: Result) => {
        const more = typeof result === "number" ? result : 0;
        if (typeof result === "number") open--;
        else {
          open += result.boards.length - 1;
          for (const board of result.boards) all[next++ % workers]?.tell({ board, depth: result.depth });
        }
        if (open === 0) done(found + more);
        return found + more;
      });
      const all = Array.from({ length: workers }, () =>
        spawn(0, (state, { board, depth }: Work) => {
          if (depth >= threshold) master.tell(count(board));
          else master.tell({ boards: longer(board), depth: depth + 1 });
          return state;
        }),
      );
      all[0]?.tell({ board: [], depth: 0 });
    },
  },
  sieve: {
    expected: primesBelow,
    run({ spawn }, done) {
      type Message = { n: number } | { before: number };
      const filter = (): Peer<Message> => {
        let following: Peer<Message> | undefined;
        return spawn<number[], Message>([], (primes, message) => {
          if ("before" in message) {
            const sum = message.before + primes.length;
            if (following === undefined) done(sum);
            else following.tell({ before: sum });
          } else if (primes.every((prime) => message.n % prime !== 0)) {
            if (primes.length < primesEach) primes.push(message.n);
            else {
              following ??= filter();
              following.tell(message);
            }
          }
          return primes;
        });
      };
      const source = spawn(0, (state) => {
        const first = filter();
        first.tell({ n: 2 });
        for (let n = 3; n < limit; n += 2) first.tell({ n });
        first.tell({ before: 0 });
        return state;
      });
      source.tell({});
    },
  },
  fibonacci: {
    expected: fibonacciOf25,
    run({ spawn }, done) {
      type Message = { n: number; parent: Peer<Message> } | { value: number };
      type State = { parent: Peer<Message> | undefined; left: number; sum: number };
      const compute = (): Peer<Message> =>
        spawn<State, Message>({ parent: undefined, left: 2, sum: 0 }, (state, message, self) => {
          if ("n" in message) {
            const { n, parent } = message;
            if (n > 2) for (const less of [1, 2]) compute().tell({ n: n - less, parent: self });
            else {
              parent.tell({ value: 1 });
              self.stop();
            }
            return { ...state, parent };
          }
          const next = { ...state, left: state.left - 1, sum: state.sum + message.value };
          if (next.left === 0) {
            next.parent?.tell({ value: next.sum });
            self.stop();
          }
          return next;
        });
      const root = spawn<number, Message>(0, (state, message) => {
        if ("value" in message) done(message.value);
        return state;
      });
      compute().tell({ n: fibonacciInput, parent: root });
    },
  },
};
