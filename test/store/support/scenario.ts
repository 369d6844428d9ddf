/**
 * Clients on several threads work on few keys while messages linger on every channel; then everything that anybody saw
 * is held against what the journal kept. The order of all that happens is a list of choices, so a failure replays.
 */

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { applyPatches } from "../../../src/store/versions/apply-patches.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import type { CommitRecord } from "../../../src/store/versions/commit.ts";
import { isConflictError } from "../../../src/store/versions/conflict-error.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import type { StoreAccess } from "../../../src/store/versions/store-access.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { isDeeplyFrozen } from "./deeply.ts";
import { ledger } from "./definitions.ts";
import { LaggingNetwork, type Tampering } from "./lagging-network.ts";
import { SlowJournal } from "./slow-journal.ts";
import { heldTogether, newestBefore } from "./total-order.ts";
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
  /** A transaction: reads all the keys, and appends to those that are to be written. */
  | {
      readonly do: "transact";
      readonly keys: readonly { readonly id: string; readonly write: boolean }[];
      readonly onConflict: "retry" | "reject";
    }
  /** Reads all keys in one synchronous stretch. */
  | { readonly do: "look" }
  | { readonly do: "read" | "history"; readonly id: string }
  /** The last append, put or transaction again, under the same idempotency key: a retried step. */
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
const ids = ["x", "y", "z"];
const transact: fc.Arbitrary<Op> = fc.record({
  do: fc.constant("transact" as const),
  keys: fc.uniqueArray(fc.record({ id: fc.constantFrom(...ids), write: fc.boolean() }), {
    selector: (key) => key.id,
    minLength: 1,
    maxLength: 3,
  }),
  onConflict: fc.constantFrom("retry" as const, "retry" as const, "reject" as const),
});
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: transact },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("look" as const) }) },
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
  readonly access: StoreAccess;
  readonly known: Map<string, number>;
  readonly program: Op[];
  busy: boolean;
  commits: number;
  last:
    | {
        readonly work: Exclude<Op, { readonly do: "read" | "history" | "look" | "repeat" | "tell" }>;
        readonly name: string;
      }
    | undefined;
}

/** What was committed, by whom or what it was asked, at which key. */
function part(name: string, key: string): string {
  return `${name} at ${key}`;
}

/** Plays a scenario and returns every breach of what the store guarantees; none, if all is well. */
export class Play {
  readonly breaches: string[] = [];
  readonly #kept = new Map<string, CommitRecord[]>();
  readonly #acknowledged = new Map<string, Snapshot<Ledger>>();
  /** What each run of a transaction's recipe saw, by key; runs are told apart by what they append. */
  readonly #runs = new Map<string, ReadonlyMap<string, Ledger>>();
  /** Versions that were seen at one time, by key: by whom, and which. */
  readonly #together: { readonly who: string; readonly versions: ReadonlyMap<string, number> }[] = [];
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
      return { client, access, known: new Map(), program: [...program], busy: false, commits: 0, last: undefined };
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
    this.#checkTransactions();
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
      case "look":
        return this.#look(worker, i);
      case "repeat":
        if (worker.last !== undefined) await this.#commit(worker, i, worker.last.work, worker.last.name);
        return;
      default:
        worker.last = { work, name: `${i}.${++worker.commits}` };
        await this.#commit(worker, i, work, worker.last.name);
        if (work.do === "append" && work.tell !== undefined) this.#tell(worker, work.tell);
    }
  }

  /** Half a transaction would show here: what a thread holds of several keys it held at one time. */
  #look({ access }: Worker, i: number): void {
    const held = new Map<string, number>();
    for (const one of ids) {
      const snapshot = access.snapshot(`ledger/${one}`, 0);
      if (snapshot instanceof Promise) snapshot.catch(() => undefined);
      else held.set(`ledger/${one}`, snapshot?.version ?? 0);
    }
    this.#together.push({ who: `worker ${i}, looking,`, versions: held });
  }

  #tell({ client, known }: Worker, index: number): void {
    const to = this.#workers[index % this.#workers.length];
    if (to === undefined) return;
    to.client.observe(client.token);
    for (const [key, version] of known) learn(to, key, version);
  }

  async #commit(worker: Worker, i: number, work: NonNullable<Worker["last"]>["work"], name: string): Promise<void> {
    const before = this.#acknowledged.get(part(name, firstKey(work)));
    this.#asked.set(name, work);
    try {
      for (const snapshot of await this.#submit(worker, i, work, name)) {
        if (snapshot.idempotencyKey !== name) continue; // only read
        const earlier = this.#acknowledged.get(part(name, snapshot.key));
        this.#check(
          earlier === undefined || earlier.version === snapshot.version,
          `commit ${name} was version ${earlier?.version} and then ${snapshot.version}`,
        );
        this.#acknowledged.set(part(name, snapshot.key), snapshot);
        this.#refused.delete(name);
      }
    } catch (error) {
      const diskFull = error instanceof Error && error.message === "disk full";
      if (isConflictError(error)) {
        const { base, theirs } = error.details;
        this.#check(theirs?.version !== base, `commit ${name} lost to version ${base} that it was computed from`);
        if (theirs !== undefined) this.#saw(worker, theirs as Snapshot<Ledger>);
      } else if (!diskFull || this.#slow === undefined) {
        this.breaches.push(`worker ${i}: commit ${name}: ${String(error)}`);
      }
      this.#check(before === undefined, `commit ${name} was acknowledged and then refused`);
      this.#refused.add(name);
    }
  }

  /** Does what is asked under its name, and returns the versions that came of it. */
  async #submit(
    worker: Worker,
    i: number,
    work: NonNullable<Worker["last"]>["work"],
    name: string,
  ): Promise<readonly Snapshot<Ledger>[]> {
    const { client, known } = worker;
    const once = { idempotencyKey: name };
    const snapshots: readonly Snapshot<Ledger>[] =
      work.do === "transact"
        ? await this.#transact(worker, i, work, name)
        : work.do === "put"
          ? [
              await client.put(
                ledger,
                work.id,
                { log: [name], total: 0 },
                work.expecting ? { ...once, expectedVersion: known.get(work.id) ?? 0 } : once,
              ),
            ]
          : [
              await client.commit(ledger, work.id, (draft) => append(draft, name), {
                ...once,
                onConflict: work.onConflict,
              }),
            ];
    for (const snapshot of snapshots) this.#saw(worker, snapshot);
    return snapshots;
  }

  async #transact(
    { client, known }: Worker,
    i: number,
    { keys, onConflict }: Extract<Op, { readonly do: "transact" }>,
    name: string,
  ): Promise<readonly Snapshot<Ledger>[]> {
    const atLeast = new Map(known);
    const snapshots = await client.transact(
      keys.map(({ id: one }) => [ledger, one] as const),
      (drafts) => {
        const seen = new Map(drafts.map((draft, at) => [keys[at]?.id ?? "", copyOf(draft)]));
        const run = this.#runOver(name, seen);
        for (const [at, { write }] of keys.entries()) if (write) append(drafts[at] as Ledger, run);
      },
      { onConflict, idempotencyKey: name },
    );
    const versions = new Map(snapshots.map(({ key, version }) => [key, version]));
    this.#together.push({ who: `transaction ${name}`, versions });
    // a repetition gives the versions of then
    const isFirst = !keys.some(({ id: one }) => this.#acknowledged.has(part(name, `ledger/${one}`)));
    for (const { id: one } of keys) {
      const [version, due] = [versions.get(`ledger/${one}`) ?? 0, isFirst ? (atLeast.get(one) ?? 0) : 0];
      this.#check(version >= due, `worker ${i} had ${one} at version ${version} in ${name}, but was told of ${due}`);
    }
    return snapshots;
  }

  /** The name of a run of a transaction's recipe: the same whenever it sees the same, as a repetition does. */
  #runOver(name: string, seen: ReadonlyMap<string, Ledger>): string {
    for (const [run, before] of this.#runs)
      if (run.startsWith(`${name}#`) && isDeepStrictEqual(before, seen)) return run;
    const run = `${name}#${this.#runs.size}`;
    this.#runs.set(run, seen);
    return run;
  }

  #saw(worker: Worker, snapshot: Snapshot<Ledger>): void {
    this.#seen.push(snapshot);
    learn(worker, snapshot.key.slice("ledger/".length), snapshot.version);
  }

  /** Invariant 4. */
  #fresh(worker: Worker, i: number, key: string, atLeast: number, snapshot: Snapshot<Ledger> | undefined): void {
    const version = snapshot?.version ?? 0;
    this.#check(version >= atLeast, `worker ${i} read ${key} at version ${version}, but was told of ${atLeast}`);
    if (snapshot !== undefined) this.#saw(worker, snapshot);
  }

  /** Invariants 3 and 5: every version is one commit on top of the one before, and every acknowledged commit is one version. */
  #checkKept(): void {
    const versions = new Map<string, number>();
    for (const [key, chain] of this.#kept) {
      let state: Ledger = { log: [], total: 0 };
      let patched: unknown;
      for (const [at, { snapshot, patches }] of chain.entries()) {
        const name = snapshot.idempotencyKey ?? "nobody";
        const where = `version ${snapshot.version} of ${key}, by ${name},`;
        this.#check(snapshot.version === at + 1 && snapshot.parent === at, `${where} stands at ${at + 1}`);
        state = this.#expected(name, state, snapshot);
        this.#check(
          isDeepStrictEqual(snapshot.state, state),
          `${where} is ${JSON.stringify(snapshot.state)}, not ${JSON.stringify(state)}`,
        );
        patched = applyPatches(patched, patches);
        this.#check(isDeepStrictEqual(patched, state), `${where} has patches that make ${JSON.stringify(patched)}`);
        this.#check(!versions.has(part(name, key)), `${where} was committed before`);
        this.#check(!this.#refused.has(name), `${where} was refused`);
        versions.set(part(name, key), snapshot.version);
      }
    }
    for (const [what, { version }] of this.#acknowledged) {
      const kept = versions.get(what);
      this.#check(kept === version, `commit ${what} was acknowledged as version ${version} and is ${kept}`);
    }
  }

  /** What a commit makes of the state before it. */
  #expected(name: string, before: Ledger, { parent, state }: Snapshot): Ledger {
    const work = this.#asked.get(name);
    if (work?.do === "append") return appended(before, name);
    if (work?.do !== "transact") return { log: [name], total: 0 };
    const run = (state as Ledger).log.at(-1);
    // a key that is only read gets its first version all the same
    return parent === 0 && run === undefined ? before : appended(before, run?.startsWith(`${name}#`) ? run : name);
  }

  /**
   * Serializability, in the order of positions: a transaction is at one position with all it wrote, and saw of each key,
   * written or not, what that was right before. And no reader ever saw half of one.
   */
  #checkTransactions(): void {
    const all = [...this.#kept.values()].flat().map(({ snapshot }) => snapshot as Snapshot<Ledger>);
    for (const [name, work] of this.#asked) {
      const own = work.do === "transact" ? all.filter(({ idempotencyKey }) => idempotencyKey === name) : [];
      const [first] = own;
      if (work.do !== "transact" || first === undefined) continue;
      const { position } = first;
      for (const { id: one, write } of work.keys) {
        const mine = own.find(({ key }) => key === `ledger/${one}`);
        this.#check(!write || mine !== undefined, `transaction ${name} was kept by halves, without ${one}`);
        this.#check((mine?.position ?? position) === position, `transaction ${name} has several positions`);
      }
      const run = own.find(({ state }) => state.log.at(-1)?.startsWith(`${name}#`))?.state.log.at(-1) ?? "";
      for (const [one, seen] of this.#runs.get(run) ?? []) {
        const before = newestBefore(this.#kept, `ledger/${one}`, position)?.state ?? { log: [], total: 0 };
        this.#check(
          isDeepStrictEqual(seen, before),
          `transaction ${name} saw ${one} as ${JSON.stringify(seen)}, but it was ${JSON.stringify(before)}`,
        );
      }
    }
    for (const { who, versions } of this.#together)
      this.#check(heldTogether(this.#kept, versions), `${who} saw ${JSON.stringify([...versions])} at one time`);
  }

  /** Every reader of a version saw the one that was kept, frozen. */
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

function append(draft: Ledger, name: string): void {
  draft.log.push(name);
  draft.total++;
}

function copyOf({ log, total }: Ledger): Ledger {
  return { log: [...log], total };
}

function firstKey(work: NonNullable<Worker["last"]>["work"]): string {
  return `ledger/${work.do === "transact" ? work.keys.find(({ write }) => write)?.id : work.id}`;
}

function appended({ log, total }: Ledger, name: string): Ledger {
  return { log: [...log, name], total: total + 1 };
}

function learn({ known }: Worker, key: string, version: number): void {
  known.set(key, Math.max(version, known.get(key) ?? 0));
}
