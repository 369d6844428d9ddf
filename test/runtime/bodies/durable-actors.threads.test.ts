/** Actors whose state is kept in the store, on real threads: what they keep, what they send, what is handled again. */

import { filter, firstValueFrom, map } from "rxjs";
import { describe, expect, it } from "vitest";
import { mailState } from "../../../src/actors/outbox-state.ts";
import {
  createSystem,
  defineActor,
  defineState,
  memoryJournal,
  type Journal,
  type Snapshot,
  type System,
} from "troupe";
import { herald, ledger, ledgers, scribe } from "../../fixtures/durable-actors.ts";
import { inspector } from "../../fixtures/actors.ts";
import { record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();
let names = 0;
const fresh = (): string => `ledger-${++names}`;

/** Resolves when the state of a ledger is what is waited for. */
function until(of: System, name: string, fits: (state: { cents: number; notes: readonly string[] }) => boolean) {
  return firstValueFrom(
    of.store.watch(ledgers, name).pipe(
      map(({ state }) => state),
      filter(fits),
    ),
  );
}

function delivered(of: System, name: string) {
  const mail = of.store.watch(mailState, `ledger/${name}`);
  return firstValueFrom(mail.pipe(filter(({ state }) => state.posted > 0 && state.outbox.length === 0)));
}

describe("a durable actor", () => {
  it("keeps its state at a key of its family, a version for each message that changes it", async () => {
    const name = fresh();
    const ref = await system().spawn(ledger, { name });
    expect(await ref.ask("add", { cents: 5 })).toBe(5);
    expect(await ref.ask("get")).toBe(5);
    expect(await ref.ask("add", { cents: 2 })).toBe(7);
    const history = await system().store.history(ledgers, name);
    expect(history.map(({ state, author }) => [state.cents, author])).toEqual([
      [5, ref.address],
      [7, ref.address],
    ]);
  });

  it("goes on where it stopped", async () => {
    const name = fresh();
    const ref = await system().spawn(ledger, { name, placement: { thread: 1 } });
    await ref.ask("add", { cents: 5 });
    await system().stop(ref);
    const again = await system().spawn(ledger, { name, placement: { thread: 2 } });
    expect(await again.ask("add", { cents: 1 })).toBe(6);
  });

  it("goes on where it was when its thread died", async () => {
    await using own = await createSystem({ threads: 2 });
    const ref = await own.spawn(ledger, { name: "a", placement: { thread: 1 } });
    await ref.ask("add", { cents: 5 });
    using died = record(own.events$);
    const killer = await own.spawn(inspector, { placement: { thread: 1 } });
    killer.ask("exit").catch(() => undefined);
    await died.first(({ type }) => type === "thread-died");
    const again = await own.spawn(ledger, { name: "a" });
    expect(await again.ask("get")).toBe(5);
  });

  it("changes, sends and emits nothing when its handler throws", async () => {
    const [from, to] = [fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    const taker = await system().spawn(ledger, { name: to });
    using events = record(giver.events$);
    await giver.ask("add", { cents: 9 });
    expect(await rejectionOf(giver.ask("sendAndFail", { to, cents: 4 }))).toMatchObject({ code: "handler-failed" });
    await giver.ask("send", { to, cents: 1 }); // what comes after
    await delivered(system(), from);
    expect(await taker.ask("get")).toBe(1);
    expect(await giver.ask("get")).toBe(8);
    expect(await events.take(1)).toEqual([{ cents: 9 }]);
    expect((await system().store.read(mailState, `ledger/${from}`)).posted).toBe(1);
  });

  it("commits its state and what it sends at one position", async () => {
    const [from, to] = [fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    await giver.tell("send", { to, cents: 3 });
    const state = await firstValueFrom(system().store.watch(ledgers, from));
    const mail = await system().store.at(mailState, `ledger/${from}`, 1);
    expect(mail.position).toBe(state.position);
    expect(mail.state.outbox).toMatchObject([{ number: 1, to: { name: to }, type: "add", payload: { cents: 3 } }]);
  });

  it("sends to who isn't there yet when it comes, in order", async () => {
    const [from, to] = [fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    await giver.tell("send", { to, cents: 1, times: 3 });
    await giver.ask("send", { to, cents: 10 });
    await system().spawn(ledger, { name: to });
    await until(system(), to, ({ cents }) => cents === 13);
    const history = await system().store.history(ledgers, to);
    expect(history.map(({ state }) => state.cents)).toEqual([1, 2, 3, 13]);
    await delivered(system(), from);
  });

  it("sends what any message may hold", async () => {
    const [from, to] = [fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    await system().spawn(ledger, { name: to });
    await giver.ask("sendParcel", { to });
    const { notes } = await until(system(), to, ({ notes: all }) => all.length > 0);
    expect(notes).toEqual(['1970-01-02T00:00:00.000Z [["a",1]] 1 2 255']);
  });

  it("emits refs, which subscribers can use", async () => {
    const [name, who] = [fresh(), fresh()];
    await system().spawn(scribe, { name: who });
    const ref = await system().spawn(herald, { name, placement: { thread: 1 } });
    using events = record(ref.events$);
    await ref.ask("announce", { who });
    const event = await events.first();
    await event.who.tell("write", { text: "by the herald" });
    expect(await event.who.ask("written")).toEqual(["by the herald"]);
  });

  it("sends refs, which the receiver can use", async () => {
    const [from, to, whom] = [fresh(), fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    await system().spawn(ledger, { name: to });
    const written = await system().spawn(scribe, { name: whom });
    await giver.ask("introduce", { to, whom });
    await until(system(), to, ({ notes }) => notes.length > 0);
    await delivered(system(), to);
    expect(await written.ask("written")).toEqual([`${to} met ${whom}`]);
  });

  it("is done with what a behaviour has taken, which answers no tells", async () => {
    const [from, to] = [fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    const taker = await system().spawn(scribe, { name: to });
    await giver.ask("dictate", { to, texts: ["a", "b", "c"] });
    await delivered(system(), from);
    expect(await taker.ask("written")).toEqual(["a", "b", "c"]);
  });

  it("makes a dead letter of what its receiver fails to handle", async () => {
    const [from, to] = [fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    const taker = await system().spawn(ledger, { name: to });
    using letters = record(system().deadLetters$);
    await giver.ask("grumble", { to });
    await delivered(system(), from);
    expect(await letters.first(({ type }) => type === "refuse")).toMatchObject({
      reason: "handler-failed",
      to: taker.address,
      from: giver.address,
      payload: { text: "no" },
    });
  });

  it("can't send what its receiver's protocol refuses", async () => {
    const [from, to] = [fresh(), fresh()];
    const giver = await system().spawn(ledger, { name: from });
    expect(await rejectionOf(giver.ask("sendNonsense", { to }))).toMatchObject({
      code: "handler-failed",
      cause: { code: "contract-violated" },
    });
    expect(await system().store.snapshot(mailState, `ledger/${from}`)).toBeUndefined();
  });

  it("does nothing for another payload under the key of one that it has handled, and says so", async () => {
    const name = fresh();
    const ref = await system().spawn(ledger, { name });
    const once = { idempotencyKey: "payment 16" };
    expect(await ref.ask("add", { cents: 5 }, once)).toBe(5);
    const other = { code: "idempotency-mismatch", outcome: "rejected", details: { idempotencyKey: "payment 16" } };
    expect(await rejectionOf(ref.ask("add", { cents: 6 }, once))).toMatchObject(other);
    // also where both come at once, and after another life of the actor
    const two = [7, 8].map((cents) => ref.ask("add", { cents }, { idempotencyKey: "payment 18" }));
    const [first, second] = await Promise.allSettled(two);
    expect(first).toMatchObject({ status: "fulfilled", value: 12 });
    expect(second).toMatchObject({ status: "rejected", reason: { code: "idempotency-mismatch" } });
    await system().stop(ref);
    const again = await system().spawn(ledger, { name });
    expect(await rejectionOf(again.ask("add", { cents: 6 }, once))).toMatchObject(other);
    expect(await again.ask("add", { cents: 5 }, once)).toBe(5);
    expect(await again.ask("get")).toBe(12);
    await again.ask("note", { text: "a" }, once); // another message
    expect(await rejectionOf(again.ask("note", { text: "b" }, once))).toMatchObject(other);
  });

  it("answers a message that comes again as the first time, also in its next life", async () => {
    const name = fresh();
    const ref = await system().spawn(ledger, { name });
    const once = { idempotencyKey: "payment 17" };
    expect(await ref.ask("add", { cents: 5 }, once)).toBe(5);
    await ref.ask("add", { cents: 1 });
    expect(await ref.ask("add", { cents: 5 }, once)).toBe(5);
    await system().stop(ref);
    const again = await system().spawn(ledger, { name });
    expect(await again.ask("add", { cents: 5 }, once)).toBe(5);
    expect(await again.ask("get")).toBe(6);
    expect(await Promise.all([1, 2, 3].map(() => again.ask("add", { cents: 4 }, { idempotencyKey: "18" })))).toEqual([
      10, 10, 10,
    ]);
  });

  it("handles a message again when another writer has written its state meanwhile", async () => {
    const name = fresh();
    const ref = await system().spawn(ledger, { name });
    expect(await ref.ask("addFromOutside", { cents: 5 })).toBe(5);
    expect(await system().store.read(ledgers, name)).toEqual({ cents: 5, notes: ["from outside"] });
    expect((await system().store.snapshot(ledgers, name))?.version).toBe(2);
  });

  it("fails a message that makes a state which its schema refuses", async () => {
    const name = fresh();
    const ref = await system().spawn(ledger, { name });
    expect(await rejectionOf(ref.ask("spoil"))).toMatchObject({
      code: "handler-failed",
      outcome: "failed",
      cause: { code: "invalid-state", details: { path: "cents" } },
    });
    expect(await ref.ask("add", { cents: 1 })).toBe(1);
  });

  it("fails a message whose handler sends more than may wait", async () => {
    const name = fresh();
    const ref = await system().spawn(ledger, { name });
    expect(await rejectionOf(ref.ask("send", { to: "nobody", cents: 1, times: 1_025 }))).toMatchObject({
      code: "handler-failed",
      cause: { code: "outbox-full" },
    });
    expect(await ref.ask("get")).toBe(0);
  });

  it("has handled nothing when the journal doesn't take it, and says so", async () => {
    const journal = failing(memoryJournal());
    await using own = await createSystem({ threads: 1, journal });
    const ref = await own.spawn(ledger, { name: "a" });
    using events = record(ref.events$);
    await ref.ask("add", { cents: 1 });
    journal.fails = true;
    expect(await rejectionOf(ref.ask("add", { cents: 5 }))).toMatchObject({
      code: "not-committed",
      outcome: "rejected",
      cause: { message: "the disk is full" },
    });
    journal.fails = false;
    expect(await ref.ask("add", { cents: 2 })).toBe(3);
    expect(await events.take(2)).toEqual([{ cents: 1 }, { cents: 3 }]);
  });

  it("keeps what it could not read the state for, and delivers it once it can", async () => {
    const journal = failing(memoryJournal());
    await using own = await createSystem({ threads: 1, journal });
    await own.store.put(ledgers, "b", { cents: 1, notes: [] });
    const giver = await own.spawn(ledger, { name: "a" });
    using failures = record(own.events$);
    journal.unreadable = "ledger/b";
    await own.spawn(ledger, { name: "b" });
    await giver.ask("send", { to: "b", cents: 4 });
    const { error } = (await failures.first(({ type }) => type === "actor-failed")) as { error: unknown };
    expect(error).toMatchObject({ message: "the disk is scratched" });
    journal.unreadable = undefined;
    await until(own, "b", ({ cents }) => cents === 5);
    await delivered(own, "a");
    expect((await own.stats()).deadLetters).toEqual({});
  });

  it("says that a message it could not read the state for was not handled", async () => {
    const journal = failing(memoryJournal());
    await using own = await createSystem({ threads: 1, journal });
    await own.store.put(ledgers, "a", { cents: 1, notes: [] });
    const ref = await own.spawn(ledger, { name: "a" });
    journal.unreadable = "ledger/a";
    expect(await rejectionOf(ref.ask("add", { cents: 1 }))).toMatchObject({
      code: "not-committed",
      outcome: "rejected",
      cause: { message: "the disk is scratched" },
    });
  });

  it("goes on delivering when its mail could not be read at first", async () => {
    const kept = memoryJournal();
    const before = await createSystem({ threads: 1, journal: kept });
    const giver = await before.spawn(ledger, { name: "a" });
    await giver.ask("send", { to: "b", cents: 4 }); // waits, as no such actor is there
    await before.close();
    const journal = failing(kept);
    journal.unreadable = "mail/ledger/a";
    await using own = await createSystem({ threads: 1, journal });
    using failures = record(own.events$);
    const again = await own.spawn(ledger, { name: "a" });
    await own.spawn(ledger, { name: "b" });
    await again.ask("get").catch(() => undefined);
    await failures.first((event) => event.type === "actor-failed" && event.message === "get");
    journal.unreadable = undefined;
    await again.ask("get");
    expect(await until(own, "b", ({ cents }) => cents === 4)).toBeDefined();
  });

  it("is drained although the journal doesn't take what is delivered out of the outbox", async () => {
    const journal = failing(memoryJournal());
    await using own = await createSystem({ threads: 1, journal });
    using failures = record(own.events$);
    const taker = await own.spawn(scribe, { name: "b" });
    const giver = await own.spawn(ledger, { name: "a" });
    journal.refuses = (version) => version.key === "mail/ledger/a" && version.version === 2;
    await giver.ask("dictate", { to: "b", texts: ["x"] });
    await failures.first((event) => event.type === "actor-failed" && event.message === "outbox");
    await own.drain();
    expect(await own.store.read(mailState, "ledger/a")).toMatchObject({ outbox: [{ number: 1 }] });
    void taker;
  });

  it("still knows what it has handled when only the versions of its mail are kept", async () => {
    const retention = [{ keys: "ledger/*", keep: { last: 1 } }];
    await using own = await createSystem({ threads: 1, retention });
    const ref = await own.spawn(ledger, { name: "a" });
    expect(await ref.ask("add", { cents: 5 }, { idempotencyKey: "k" })).toBe(5);
    await ref.ask("add", { cents: 1 });
    await own.store.compact();
    expect(await ref.ask("add", { cents: 5 }, { idempotencyKey: "k" })).toBe(5);
    expect(await ref.ask("get")).toBe(6);
  });

  it("still knows what it has handled under a rule of retention for everything", async () => {
    await using own = await createSystem({ threads: 1, retention: [{ keys: "*", keep: { last: 1 } }] });
    const ref = await own.spawn(ledger, { name: "a" });
    await ref.ask("add", { cents: 5 }, { idempotencyKey: "k" });
    await ref.ask("add", { cents: 1 }, { idempotencyKey: "l" });
    await own.store.compact();
    expect(await ref.ask("add", { cents: 5 }, { idempotencyKey: "k" })).toBe(5);
    expect(await ref.ask("get")).toBe(6);
  });

  it("says that it has handled a message whose answer a rule for its mail has dropped", async () => {
    const retention = [{ keys: "mail/*", keep: { last: 1 } }] as const;
    await using own = await createSystem({ threads: 1, retention });
    const ref = await own.spawn(ledger, { name: "a" });
    await ref.ask("add", { cents: 5 }, { idempotencyKey: "k" });
    await ref.ask("add", { cents: 1 }, { idempotencyKey: "l" });
    await own.store.compact();
    expect(await rejectionOf(ref.ask("add", { cents: 5 }, { idempotencyKey: "k" }))).toMatchObject({
      code: "handler-failed",
      cause: { code: "no-such-version" },
    });
    expect(await ref.ask("get")).toBe(6);
  });

  it("delivers what it has sent before it is drained", async () => {
    await using own = await createSystem({ threads: 2 });
    await own.spawn(ledger, { name: "b" });
    const giver = await own.spawn(ledger, { name: "a" });
    await giver.ask("send", { to: "nobody", cents: 1 }); // keeps no caller waiting
    await giver.ask("send", { to: "b", cents: 1, times: 2 });
    await own.stop(giver, "drain");
    await own.drain();
    expect(await own.store.read(ledgers, "b")).toMatchObject({ cents: 2 });
    expect((await own.store.read(mailState, "ledger/a")).outbox.map(({ to }) => to.name)).toEqual(["nobody"]);
  });

  it("needs a name, and a state to begin with", async () => {
    expect(await rejectionOf(system().spawn(ledger))).toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining("ledger/<its name>") as string,
    });
    const endless = defineState({ name: "endless", version: 1, schema: ledgers.schema });
    const define = (state: unknown) => () =>
      defineActor(import.meta.url, { name: "x", protocol: {}, state: state as typeof ledgers, on: {} });
    expect(define(endless)).toThrow("endless has no initial state");
    expect(define({ cents: 0 })).toThrow("what defineState returned");
  });
});

interface Failing extends Journal {
  /** Refuses whatever is appended. */
  fails: boolean;
  /** Refuses a commit with such a version. */
  refuses: (version: Snapshot) => boolean;
  /** The key that can't be read. */
  unreadable: string | undefined;
}

/** A journal that fails at what it is told to. */
function failing(journal: Journal): Failing {
  const own: Pick<Failing, "fails" | "refuses" | "unreadable"> = {
    fails: false,
    refuses: () => false,
    unreadable: undefined,
  };
  const ways: Partial<Journal> = {
    append(records) {
      if (own.fails || records.some(({ snapshot }) => own.refuses(snapshot)))
        return Promise.reject(new Error("the disk is full"));
      return journal.append(records);
    },
    head(key) {
      if (key === own.unreadable) return Promise.reject(new Error("the disk is scratched"));
      return journal.head(key);
    },
    heads(keys) {
      if (keys.some((key) => key === own.unreadable)) return Promise.reject(new Error("the disk is scratched"));
      return journal.heads(keys);
    },
  };
  return new Proxy(journal, {
    get: (target, name) => Reflect.get(name in own ? own : name in ways ? ways : target, name) as unknown,
    set: (_target, name, value: unknown) => Reflect.set(own, name, value),
  }) as Failing;
}
