import fc from "fast-check";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { handleEach } from "../../src/actors/handle-each.ts";

interface Message {
  readonly id: string;
  hold(): () => void;
}

interface Work {
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

/** An inbox, and what became of each message in it, in the order in which it did. */
class Bench {
  readonly inbox$ = new Subject<Message>();
  readonly log: string[] = [];
  /** The messages in the mailbox. */
  readonly held = new Set<string>();
  readonly work = new Map<string, Work>();
  ended: unknown;
  readonly #subscription;

  constructor(project?: (message: Message) => Promise<string> | string) {
    const begin = (message: Message): Promise<string> | string => {
      this.log.push(`begin ${message.id}`);
      if (project !== undefined) return project(message);
      return new Promise((resolve, reject) => this.work.set(message.id, { resolve, reject }));
    };
    this.#subscription = this.inbox$.pipe(handleEach(begin)).subscribe({
      next: (value) => this.log.push(`emit ${value}`),
      error: (error: unknown) => (this.ended = error),
      complete: () => (this.ended = "completed"),
    });
  }

  send(...ids: string[]): void {
    for (const id of ids) {
      this.inbox$.next({
        id,
        hold: () => {
          this.held.add(id);
          return () => this.held.delete(id);
        },
      });
    }
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  async finish(id: string): Promise<void> {
    this.work.get(id)?.resolve(id);
    await settled();
  }
}

/** Lets promises that have settled run what waits for them. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

describe("handleEach (invariant 2)", () => {
  it("begins a message when the one before is done, and emits what comes of it", async () => {
    const bench = new Bench();
    bench.send("a", "b");
    await settled();
    expect(bench.log).toEqual(["begin a"]);
    await bench.finish("a");
    expect(bench.log).toEqual(["begin a", "emit a", "begin b"]);
    await bench.finish("b");
    expect(bench.log).toEqual(["begin a", "emit a", "begin b", "emit b"]);
  });

  it("keeps a message in the mailbox from its arrival until it is done (invariant 7)", async () => {
    const bench = new Bench();
    bench.send("a");
    expect([...bench.held]).toEqual(["a"]);
    await settled();
    bench.send("b", "c");
    expect([...bench.held]).toEqual(["a", "b", "c"]);
    await bench.finish("a");
    expect([...bench.held]).toEqual(["b", "c"]);
    await bench.finish("b");
    await bench.finish("c");
    expect(bench.held.size).toBe(0);
  });

  it("holds a message that comes in the moment the one before lets go", async () => {
    const bench = new Bench();
    bench.send("a");
    await settled();
    bench.work.get("a")?.resolve("a");
    while (bench.held.has("a")) await Promise.resolve();
    bench.send("b"); // the mailbox has room; the stream may still be passing on what came of a
    expect([...bench.held]).toEqual(["b"]);
    await settled();
    expect(bench.log).toEqual(["begin a", "emit a", "begin b"]);
    bench.send("c");
    expect([...bench.held]).toEqual(["b", "c"]);
  });

  it("takes values as well as promises", async () => {
    const bench = new Bench(({ id }) => id.toUpperCase());
    bench.send("a", "b");
    await settled();
    expect(bench.log).toEqual(["begin a", "emit A", "begin b", "emit B"]);
    expect(bench.held.size).toBe(0);
  });

  it("completes after the last message when the inbox does", async () => {
    const bench = new Bench();
    bench.send("a", "b");
    bench.inbox$.complete();
    await settled();
    expect(bench.ended).toBeUndefined();
    await bench.finish("a");
    await bench.finish("b");
    expect(bench.ended).toBe("completed");
  });

  it.each<[string, (error: Error) => Promise<string>]>([
    ["a rejection", (error) => Promise.reject(error)],
    [
      "a throw",
      (error) => {
        throw error;
      },
    ],
  ])("fails on %s, begins no other and lets go of all (invariant 6)", async (_, fail) => {
    const error = new Error("bad");
    const bench = new Bench(({ id }) => (id === "b" ? fail(error) : id));
    bench.send("a", "b", "c", "d");
    await settled();
    expect(bench.ended).toBe(error);
    expect(bench.log).toEqual(["begin a", "emit a", "begin b"]);
    expect(bench.held.size).toBe(0);
  });

  it("passes an error of the inbox on, and lets go of what was not begun", async () => {
    const bench = new Bench();
    bench.send("a", "b");
    await settled();
    const error = new Error("bad");
    bench.inbox$.error(error);
    expect(bench.ended).toBe(error);
    expect([...bench.held]).toEqual(["a"]);
    await bench.finish("a");
    expect(bench.held.size).toBe(0);
  });

  it("when stopped lets go of what was not begun, and of what it works on when that is done", async () => {
    const bench = new Bench();
    bench.send("a", "b", "c");
    await settled();
    bench.stop();
    expect([...bench.held]).toEqual(["a"]);
    await bench.finish("a");
    expect(bench.held.size).toBe(0);
    expect(bench.log).toEqual(["begin a"]);
  });

  it("keeps apart what it holds for each subscription", async () => {
    const each = handleEach((message: Message) => new Promise<string>(() => message));
    const [left, right] = [new Bench(), new Bench()];
    const subscription = left.inbox$.pipe(each).subscribe();
    right.inbox$.pipe(each).subscribe();
    right.send("a", "b");
    subscription.unsubscribe();
    await settled();
    expect([...right.held]).toEqual(["a", "b"]);
  });

  it("works on one message at a time, in order, whenever they come and end", async () => {
    const step = fc.oneof(fc.constant("send" as const), fc.constant("finish" as const), fc.constant("turn" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const bench = new Bench();
        let sent = 0;
        let done = 0;
        const finish = (): void => {
          const work = bench.work.get(`${done}`);
          if (work === undefined) return;
          work.resolve(`${done++}`);
        };
        for (const each of steps) {
          if (each === "send") bench.send(`${sent++}`);
          else if (each === "finish") finish();
          else await Promise.resolve();
          expect(bench.work.size).toBeLessThanOrEqual(done + 1);
          for (let id = done; id < sent; id++) expect(bench.held.has(`${id}`)).toBe(true);
        }
        for (let n = done; n <= sent; n++) {
          await settled();
          finish();
        }
        await settled();
        expect(bench.log).toEqual(Array.from({ length: sent }, (_, id) => [`begin ${id}`, `emit ${id}`]).flat());
        expect(bench.held.size).toBe(0);
      }),
    );
  });
});
