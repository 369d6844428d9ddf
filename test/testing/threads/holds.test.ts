/** What holds batches of real threads, on a clock of the test. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import type { Link } from "../../../src/ports/link.ts";
import type { HostThread, HostThreads } from "../../../src/runtime/threads/host-threads.ts";
import { seededRandom } from "../../../src/testing/simulator/schedules/seeded-random.ts";
import { Delays } from "../../../src/testing/threads/delays.ts";
import { Gates } from "../../../src/testing/threads/gates.ts";
import { HeldThreads, type Hold } from "../../../src/testing/threads/held-threads.ts";
import { FakeClock } from "../../runtime/fake-clock.ts";

/** The link of one thread, seen from both of its ends. */
async function heldLink(hold: Hold) {
  const sent: unknown[] = [];
  let arrive: (batch: unknown) => void = () => undefined;
  const inner: Link = {
    send: (batch) => void sent.push(batch),
    receive: (onBatch) => void (arrive = onBatch),
    drain: () => undefined,
    close: () => void sent.push("closed"),
  };
  const thread = { control: {}, link: inner, exit: new Promise(() => undefined) } as unknown as HostThread;
  const threads = { open: async () => thread } as unknown as HostThreads;
  const { link } = await new HeldThreads(threads, hold, () => 0).open({ id: hostId(1) } as never);
  const received: unknown[] = [];
  link.receive((batch) => void received.push(batch));
  return { link, sent, received, arrive: (batch: unknown) => arrive(batch) };
}

describe("delays", () => {
  it("keep the order of a link, lose nothing, and end with a drain, a close or where they are opened", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.constantFrom("send", "arrive", "wait"), { maxLength: 40 }),
        fc.constantFrom("drain", "open"),
        async (seed, steps, end) => {
          const clock = new FakeClock();
          const delays = new Delays({ clock, random: seededRandom(seed), longest: 10 });
          const { link, sent, received, arrive } = await heldLink(delays);
          const [leaving, arriving] = [0, 0].map(() => [] as number[]) as [number[], number[]];
          for (const [at, step] of steps.entries()) {
            if (step === "wait") clock.pass(4);
            else if (step === "send") link.send((leaving.push(at), at));
            else arrive((arriving.push(at), at));
            expect(sent).toEqual(leaving.slice(0, sent.length));
            expect(received).toEqual(arriving.slice(0, received.length));
          }
          if (end === "open") delays.open();
          else link.drain();
          link.close();
          expect([sent, received]).toEqual([[...leaving, "closed"], arriving]);
          clock.pass(100);
          expect([sent.length, received.length]).toEqual([leaving.length + 1, arriving.length]);
        },
      ),
    );
  });
});

describe("gates", () => {
  const gates = (order: readonly string[], patience = 100) => {
    const clock = new FakeClock();
    const passed: string[] = [];
    const gate = new Gates({ clock, order, patience });
    return { clock, passed, gate, come: (link: string, what = link) => gate.came(link, () => void passed.push(what)) };
  };

  it("let batches through in the order, whatever they come in, and each link's in its own", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 30 }), fc.integer(), (order, seed) => {
        const { passed, gate, come } = gates(order);
        const random = seededRandom(seed);
        const counts = new Map<string, number>();
        for (let left = [...order]; left.length > 0;) {
          const [link] = left.splice(random.below(left.length), 1) as [string];
          counts.set(link, (counts.get(link) ?? 0) + 1);
          come(link, `${link}${counts.get(link)}`);
        }
        expect(passed.map(([link]) => link)).toEqual(order);
        for (const link of "abc")
          expect(passed.filter((one) => one.startsWith(link)).sort(byNumber)).toEqual(
            passed.filter((one) => one.startsWith(link)),
          );
        expect(gate.missed).toBe(0);
        come("z");
        expect(passed.at(-1)).toBe("z"); // after the order, all pass
      }),
    );
  });

  it("pass over what doesn't come while others wait, and count it", () => {
    const { clock, passed, gate, come } = gates(["a", "b", "a"]);
    come("a", "a1");
    clock.pass(1_000); // nothing is held
    come("a", "a2");
    clock.pass(99);
    expect(passed).toEqual(["a1"]);
    clock.pass(1);
    expect([passed, gate.missed]).toEqual([["a1", "a2"], 1]);
  });

  it("let all through once they are open, and count what didn't come", () => {
    const { passed, gate, come } = gates(["a", "b", "c"]);
    come("c");
    come("d");
    expect([passed, gate.missed]).toEqual([[], 3]);
    gate.open();
    come("e");
    expect([passed, gate.missed]).toEqual([["c", "d", "e"], 3]);
  });

  it("have what comes while another passes wait for its turn", () => {
    const { passed, gate, come } = gates(["a", "b", "c"]);
    come("b");
    gate.came("a", () => {
      come("c");
      passed.push("a");
    });
    expect(passed).toEqual(["a", "b", "c"]);
  });
});

function byNumber(one: string, other: string): number {
  return Number(one.slice(1)) - Number(other.slice(1));
}
