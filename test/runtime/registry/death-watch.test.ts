import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Address, hostId, makeAddress } from "../../../src/actors/address.ts";
import type { GoneReason } from "../../../src/actors/gone.ts";
import { DeathWatch } from "../../../src/runtime/registry/death-watch.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => makeAddress(hostId(1), name)) as [Address, Address, Address];

/** Actors that go down when they are brought down, and what was said. */
function town(survivors: readonly Address[] = []) {
  const there = new Set<Address>([a, b, c]);
  const said: string[] = [];
  const die = (actor: Address, reason: GoneReason): void => {
    if (there.delete(actor)) deathWatch.gone(actor, reason);
  };
  const deathWatch: DeathWatch = new DeathWatch({
    isThere: (actor) => there.has(actor),
    notify: (watcher, type, { actor, reason }) => said.push(`${watcher} ${type}: ${actor} ${reason}`),
    bringDown(actor, by, reason) {
      said.push(`${actor} down by ${by} ${reason}`);
      const isForGood = there.has(actor) && !survivors.includes(actor);
      if (isForGood) later.push(() => die(actor, "stopped"));
      return isForGood;
    },
  });
  const later: (() => void)[] = [];
  const settle = (): void => {
    for (let next = later.shift(); next !== undefined; next = later.shift()) next();
  };
  return { deathWatch, said, there, die, settle };
}

describe("watching", () => {
  it("tells each watcher once, by its own message, with the reason", async () => {
    const { deathWatch, said, die } = town();
    deathWatch.watch(a, c, "lost");
    deathWatch.watch(b, c, "old");
    deathWatch.watch(b, c, "new");
    const outside = deathWatch.whenGone(c);
    die(c, "thread-died");
    expect(said).toEqual(["1/a lost: 1/c thread-died", "1/b new: 1/c thread-died"]);
    expect(await outside).toEqual({ actor: c, reason: "thread-died" });
    deathWatch.gone(c, "stopped");
    expect(said).toHaveLength(2);
  });

  it("tells at once of one that is gone", async () => {
    const { deathWatch, said, die } = town();
    die(c, "stopped");
    deathWatch.watch(a, c, "lost");
    expect(said).toEqual(["1/a lost: 1/c no-such-actor"]);
    expect(await deathWatch.whenGone(c)).toEqual({ actor: c, reason: "no-such-actor" });
  });

  it("ends with the watcher, with unwatch, and with the system", async () => {
    const { deathWatch, said, die } = town();
    deathWatch.watch(a, c, "lost");
    deathWatch.watch(b, c, "lost");
    deathWatch.unwatch(b, c);
    die(a, "stopped");
    const outside = deathWatch.whenGone(b);
    die(c, "stopped");
    expect(said).toEqual([]);
    deathWatch.close();
    expect(await outside).toEqual({ actor: b, reason: "stopped" });
  });
});

describe("links", () => {
  it("bring down who is linked, and who is linked with that one, whichever goes first", async () => {
    const { deathWatch, said, there, die, settle } = town();
    deathWatch.link(a, b);
    deathWatch.link(c, b);
    const last = deathWatch.whenGone(c);
    die(a, "failed");
    settle();
    expect(said).toEqual(["1/b down by 1/a failed", "1/c down by 1/b linked-actor-died"]);
    expect(there.size).toBe(0);
    expect(await last).toEqual({ actor: c, reason: "linked-actor-died" });
  });

  it("end when one goes down, so that those which begin anew don't bring each other down for ever", () => {
    const { deathWatch, said } = town([a, b]);
    deathWatch.link(a, b);
    deathWatch.down(a, "failed");
    deathWatch.down(b, "failed");
    deathWatch.down(a, "failed");
    expect(said).toEqual(["1/b down by 1/a failed"]);
  });

  it("with one that is gone bring down at once; with oneself they are nothing; unlinked ones stay", () => {
    const { deathWatch, said, die, settle, there } = town();
    deathWatch.link(a, a);
    deathWatch.link(a, b);
    deathWatch.unlink(b, a);
    die(b, "stopped");
    expect(said).toEqual([]);
    deathWatch.link(c, b);
    settle();
    expect(said).toEqual(["1/c down by 1/b no-such-actor"]);
    expect([...there]).toEqual([a]);
  });

  it("bring down exactly who can be reached over links", () => {
    const who = fc.constantFrom(a, b, c);
    fc.assert(
      fc.property(fc.array(fc.tuple(who, who), { maxLength: 4 }), who, (links, first) => {
        const { deathWatch, there, die, settle } = town();
        for (const [one, other] of links) deathWatch.link(one, other);
        die(first, "failed");
        settle();
        const reached = new Set([first]);
        for (let i = 0; i < 3; i++) {
          for (const [one, other] of links) {
            if (reached.has(one)) reached.add(other);
            if (reached.has(other)) reached.add(one);
          }
        }
        expect([...there].filter((actor) => reached.has(actor))).toEqual([]);
        expect(there.size).toBe(3 - reached.size);
      }),
    );
  });
});
