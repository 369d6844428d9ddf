/**
 * Clients on several threads work on few keys while messages linger on every channel; then everything that anybody saw
 * is held against what the journal kept. The order of all that happens is a list of choices, so a failure replays.
 */

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { applyPatches } from "../../../src/store/apply-patches.ts";
import { AuthorityAccess } from "../../../src/store/authority-access.ts";
import type { CommitRecord } from "../../../src/store/commit.ts";
import { isConflictError } from "../../../src/store/conflict-error.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal.ts";
import type { Snapshot } from "../../../src/store/snapshot.ts";
import type { StoreAccess } from "../../../src/store/store-access.ts";
import { StoreClient } from "../../../src/store/store-client.ts";
import { isDeeplyFrozen } from "./deeply.ts";
import { ledger } from "./definitions.ts";
import { LaggingNetwork, type Tampering } from "./lagging-network.ts";
import { SlowJournal } from "./slow-journal.ts";
import { settleAll } from "./turns.ts";

interface Ledger {
  log: string[];
  total: number;
}

type Op =
  /** When it has landed, another client may be told: a message that carries the causal token. */
  | {
      readonly do: "append";
      readonly id: string;
      readonly onConflict: "retry" | "reject";
      readonly tell: number | undefined;
    }
  | { readonly do: "put"; readonly id: string; readonly expecting: boolean }
  | { readonly do: "read" | "history"; readonly id: string }
  /** The last append or put again, under the same idempotency key: a retried step. */
  | { readonly do: "repeat" }
  /** A message as well. */
  | { readonly do: "tell"; readonly to: number };

export interface Scenario {
  /** One a client. Client 0 lives with the authority, the others have a replica each. */
  readonly programs: readonly (readonly Op[])[];
  readonly choices: readonly number[];
  /** Which channels deliver seldom. */
  readonly lagging: readonly boolean[];
  readonly maxFollowed: number;
}

const id = fc.constantFrom("x", "x", "x", "x", "x", "y", "z");
const anyRead: fc.Arbitrary<Op> = fc.record({ do: fc.constant("read" as const), id });
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      id,
      onConflict: fc.constantFrom("retry" as const, "reject" as const),
      tell: fc.option(fc.nat(3), { nil: undefined, freq: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("put" as const), id, expecting: fc.boolean() }) },
  { weight: 5, arbitrary: anyRead },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("history" as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("repeat" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("tell" as const), to: fc.nat(3) }) },
);

function programOf(what: fc.Arbitrary<Op>): fc.Arbitrary<readonly Op[]> {
  return fc.array(what, { maxLength: 12, size: "max" });
}

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  programs: fc.array(fc.oneof(programOf(op), programOf(anyRead)), { minLength: 3, maxLength: 4 }),
  choices: fc.array(fc.nat(255), { minLength: 20, maxLength: 160, size: "max" }),
  lagging: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  maxFollowed: fc.constantFrom(1, 2, 3, 3, 3),
});

/** What is broken on purpose, to see that it is found. */
export interface Sabotage extends Tampering {
  readonly access?: (access: StoreAccess) => StoreAccess;
  readonly journal?: (journal: Journal) => Journal;
}

/** A client and what it has seen, by its own account, not by its token. */
interface Worker {
  readonly client: StoreClient;
  readonly known: Map<string, number>;
  readonly program: Op[];
  busy: boolean;
  commits: number;
  last:
    | { readonly work: Exclude<Op, { readonly do: "read" | "history" | "repeat" | "tell" }>; readonly name: string }
    | undefined;
}

/** Plays a scenario and returns every breach of what the store guarantees; none, if all is well. */
export class Play {
  readonly breaches: string[] = [];
  readonly #kept = new Map<string, CommitRecord[]>();
  readonly #acknowledged = new Map<string, Snapshot<Ledger>>();
  readonly #asked = new Map<string, Op>();
  readonly #refused = new Set<string>();
  readonly #seen: Snapshot<Ledger>[] = [];
  readonly #network: LaggingNetwork;
  readonly #workers: readonly Worker[];
  readonly #slow: SlowJournal | undefined;
  readonly #choices: number[];
  readonly #lagging: readonly boolean[];

  constructor(scenario: Scenario, sabotage: Sabotage = {}, slow?: { readonly slowReads: boolean }) {
    const memory = memoryJournal();
    const recording: Journal = {
      ...memory,
      get position() {
        return memory.position;
      },
      get time() {
        return memory.time;
      },
      append: (records) => {
        void memory.append(records);
        for (const record of records) {
          const chain = this.#kept.get(record.snapshot.key);
          if (chain === undefined) this.#kept.set(record.snapshot.key, [record]);
          else chain.push(record);
        }
      },
    };
    this.#slow = slow && new SlowJournal({ ...slow, inner: recording });
    const journal = this.#slow ?? recording;
    const { programs, choices, maxFollowed } = scenario;
    this.#network = new LaggingNetwork({
      replicas: programs.length - 1,
      maxFollowed,
      tampering: sabotage,
      journal: sabotage.journal?.(journal) ?? journal,
    });
    this.#choices = [...choices];
    this.#lagging = scenario.lagging;
    this.#workers = programs.map((program, i) => {
      const access = i === 0 ? new AuthorityAccess(this.#network.authority) : this.#network.end(i - 1).replica;
      const client = new StoreClient(sabotage.access?.(access) ?? access, { author: `worker-${i}` });
      return { client, known: new Map(), program: [...program], busy: false, commits: 0, last: undefined };
    });
  }

  async run(): Promise<readonly string[]> {
    for (let left = 3_000; left > 0; left--) {
      const choice = this.#choices.shift() ?? 0;
      const moves = this.#moves(choice % 8 === 0);
      if (moves.length === 0) break;
      moves[Math.floor(choice / 8) % moves.length]?.();
      await settleAll();
    }
    for (const [i, { busy }] of this.#workers.entries()) this.#check(!busy, `worker ${i} waits forever`);
    this.#checkKept();
    this.#checkSeen();
    await this.#checkReplicas();
    return this.breaches;
  }

  /** Everything that could happen next, on lagging channels only if asked for or if nothing else can. */
  #moves(evenLate: boolean): readonly (() => void)[] {
    const moves: (() => void)[] = [];
    for (const [i, worker] of this.#workers.entries()) {
      if (!worker.busy && worker.program.length > 0) moves.push(() => this.#step(worker, i));
    }
    const late: (() => void)[] = [];
    for (const [i, channel] of this.#network.channels.entries()) {
      if (channel.length > 0) (this.#lagging[i] === true ? late : moves).push(() => channel.deliver());
    }
    this.#addJournalMoves(moves);
    return moves.length === 0 || evenLate ? [...moves, ...late] : moves;
  }

  #addJournalMoves(moves: (() => void)[]): void {
    const slow = this.#slow;
    if (slow === undefined) return;
    if (slow.reads > 0) moves.push(() => slow.answerReads());
    if (slow.appends.length > 0) {
      moves.push(
        () => slow.writeNext(),
        () => slow.writeNext(),
        () => slow.writeNext(new Error("disk full")),
      );
    }
    for (const answer of slow.answers) {
      moves.push(() => {
        slow.answers.splice(slow.answers.indexOf(answer), 1);
        answer();
      });
    }
  }

  #step(worker: Worker, i: number): void {
    const next = worker.program.shift();
    if (next === undefined) return;
    worker.busy = true;
    this.#perform(worker, i, next).then(
      () => (worker.busy = false),
      (error: unknown) => this.breaches.push(`worker ${i}: ${String(error)}`),
    );
  }

  async #perform(worker: Worker, i: number, work: Op): Promise<void> {
    const { client, known } = worker;
    switch (work.do) {
      case "tell":
        return this.#tell(worker, work.to);
      case "read": {
        const atLeast = known.get(work.id) ?? 0;
        const snapshot = await client.snapshot(ledger, work.id);
        this.#fresh(worker, i, work.id, atLeast, snapshot);
        return;
      }
      case "history": {
        const atLeast = known.get(work.id) ?? 0;
        const history = await client.history(ledger, work.id);
        this.#check(
          history.every(({ version }, at) => version === at + 1),
          `worker ${i}: history of ${work.id} has a gap`,
        );
        this.#seen.push(...history);
        this.#fresh(worker, i, work.id, atLeast, history.at(-1));
        return;
      }
      case "repeat":
        if (worker.last !== undefined) await this.#commit(worker, i, worker.last.work, worker.last.name);
        return;
      default:
        worker.last = { work, name: `${i}.${++worker.commits}` };
        await this.#commit(worker, i, work, worker.last.name);
        if (work.do === "append" && work.tell !== undefined) this.#tell(worker, work.tell);
    }
  }

  #tell({ client, known }: Worker, index: number): void {
    const to = this.#workers[index % this.#workers.length];
    if (to === undefined) return;
    to.client.observe(client.token);
    for (const [key, version] of known) learn(to, key, version);
  }

  async #commit(worker: Worker, i: number, work: NonNullable<Worker["last"]>["work"], name: string): Promise<void> {
    const { client, known } = worker;
    const before = this.#acknowledged.get(name);
    this.#asked.set(name, work);
    try {
      const snapshot =
        work.do === "append"
          ? await client.commit(
              ledger,
              work.id,
              (draft) => {
                draft.log.push(name);
                draft.total++;
              },
              { onConflict: work.onConflict, idempotencyKey: name },
            )
          : await client.put(
              ledger,
              work.id,
              { log: [name], total: 0 },
              { idempotencyKey: name, ...(work.expecting ? { expectedVersion: known.get(work.id) ?? 0 } : {}) },
            );
      this.#check(
        before === undefined || before.version === snapshot.version,
        `commit ${name} was version ${before?.version} and then ${snapshot.version}`,
      );
      this.#acknowledged.set(name, snapshot);
      this.#refused.delete(name);
      this.#seen.push(snapshot);
      learn(worker, work.id, snapshot.version);
    } catch (error) {
      const diskFull = error instanceof Error && error.message === "disk full";
      if (isConflictError(error)) {
        const { base, theirs } = error.details;
        this.#check(theirs?.version !== base, `commit ${name} lost to version ${base} that it was computed from`);
        if (theirs !== undefined) {
          this.#seen.push(theirs as Snapshot<Ledger>);
          learn(worker, work.id, theirs.version);
        }
      } else if (!diskFull || this.#slow === undefined) {
        this.breaches.push(`worker ${i}: commit ${name}: ${String(error)}`);
      }
      this.#check(before === undefined, `commit ${name} was acknowledged and then refused`);
      this.#refused.add(name);
    }
  }

  /** Invariant 4. */
  #fresh(worker: Worker, i: number, key: string, atLeast: number, snapshot: Snapshot<Ledger> | undefined): void {
    const version = snapshot?.version ?? 0;
    this.#check(version >= atLeast, `worker ${i} read ${key} at version ${version}, but was told of ${atLeast}`);
    if (snapshot === undefined) return;
    this.#seen.push(snapshot);
    learn(worker, key, version);
  }

  /** Invariants 3 and 5: every version is one commit on top of the one before, and every acknowledged commit is one version. */
  #checkKept(): void {
    const versions = new Map<string, string>();
    for (const [key, chain] of this.#kept) {
      let state: Ledger = { log: [], total: 0 };
      let patched: unknown;
      for (const [at, { snapshot, patches }] of chain.entries()) {
        const name = snapshot.idempotencyKey ?? "nobody";
        const where = `version ${snapshot.version} of ${key}, by ${name},`;
        this.#check(snapshot.version === at + 1 && snapshot.parent === at, `${where} stands at ${at + 1}`);
        state = this.#asked.get(name)?.do === "append" ? appended(state, name) : { log: [name], total: 0 };
        this.#check(
          isDeepStrictEqual(snapshot.state, state),
          `${where} is ${JSON.stringify(snapshot.state)}, not ${JSON.stringify(state)}`,
        );
        patched = applyPatches(patched, patches);
        this.#check(isDeepStrictEqual(patched, state), `${where} has patches that make ${JSON.stringify(patched)}`);
        this.#check(!versions.has(name), `${where} was committed before, as ${versions.get(name)}`);
        this.#check(!this.#refused.has(name), `${where} was refused`);
        versions.set(name, `${key}@${snapshot.version}`);
      }
    }
    for (const [name, { key, version }] of this.#acknowledged) {
      this.#check(
        versions.get(name) === `${key}@${version}`,
        `commit ${name} was acknowledged as ${key}@${version} and is ${versions.get(name)}`,
      );
    }
  }

  /** Whoever saw a version saw the one that was kept, frozen. */
  #checkSeen(): void {
    for (const snapshot of this.#seen) {
      const kept = this.#kept.get(snapshot.key)?.[snapshot.version - 1]?.snapshot;
      this.#check(
        isDeepStrictEqual(snapshot, kept),
        `${snapshot.key}@${snapshot.version} was seen as ${JSON.stringify(snapshot)}`,
      );
      this.#check(isDeeplyFrozen(snapshot), `${snapshot.key}@${snapshot.version} can be changed`);
    }
  }

  async #checkReplicas(): Promise<void> {
    for (const [i, { replica, defects }] of this.#network.ends.entries()) {
      this.#check(defects.length === 0, `replica ${i}: ${String(defects[0])}`);
      for (const [key, chain] of this.#kept) {
        const read = Promise.resolve(replica.snapshot(key, this.#network.authority.position));
        for (let round = 0; round < 3; round++) {
          await this.#network.drain();
          this.#slow?.answerReads();
        }
        const settled = await Promise.race([read, settleAll().then(() => "waiting" as const)]);
        this.#check(
          isDeepStrictEqual(settled, chain.at(-1)?.snapshot),
          `replica ${i} ends with ${JSON.stringify(settled)}`,
        );
      }
    }
  }

  #check(holds: boolean, breach: string): void {
    if (!holds) this.breaches.push(breach);
  }
}

function appended({ log, total }: Ledger, name: string): Ledger {
  return { log: [...log, name], total: total + 1 };
}

function learn({ known }: Worker, key: string, version: number): void {
  known.set(key, Math.max(version, known.get(key) ?? 0));
}
