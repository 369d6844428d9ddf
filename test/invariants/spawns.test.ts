/** Spawns: each comes to an actor or to an error, once, whatever travels with it; names are unique; what is told at once arrives. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { System, SystemEvent } from "../../src/index.ts";
import { type Birth, born, child, nursery, type SpawnRequest } from "./nursery.ts";
import { holdsOnThreads, holdsSimulated, isFoundBroken } from "./worlds.ts";

interface Spawns {
  /** What code outside of any actor spawns, and what actors on these threads do, all at once. */
  readonly outside: readonly SpawnRequest[];
  readonly actors: readonly { readonly thread: number; readonly requests: readonly SpawnRequest[] }[];
}

const thread = fc.integer({ min: 0, max: 2 });
const request: fc.Arbitrary<SpawnRequest> = fc
  .record({
    thread: fc.option(thread, { nil: undefined }),
    name: fc.option(fc.constantFrom("ada", "ben"), { nil: undefined, freq: 3 }),
    isFit: fc.constantFrom(true, true, true, false),
    tells: fc.nat(3),
  })
  .map(({ thread: at, name, ...fields }) => ({
    ...fields,
    ...(at === undefined ? {} : { thread: at }),
    ...(name === undefined ? {} : { name }),
  }));
const requests = fc.array(request, { maxLength: 6 });
const spawns: fc.Arbitrary<Spawns> = fc.record({
  outside: requests,
  actors: fc.array(fc.record({ thread, requests }), { maxLength: 3 }),
});

const patient = { timeout: Number.POSITIVE_INFINITY };

async function bornOnce(system: System, { outside, actors }: Spawns, scope: string): Promise<void> {
  const named = ({ name, ...rest }: SpawnRequest): SpawnRequest =>
    name === undefined ? rest : { ...rest, name: `${name}-${scope}` };
  const events: SystemEvent[] = [];
  const listening = system.events$.subscribe((event) => events.push(event));
  const nurseries = await Promise.all(
    actors.map(({ thread: at }) => system.spawn(nursery, { placement: { thread: at } })),
  );
  const before = (await system.stats()).actors;
  const asked = [...outside.map(named), ...actors.flatMap((by) => by.requests.map(named))];
  const births = (
    await Promise.all([
      Promise.all(outside.map((one) => born(system, named(one)))),
      ...nurseries.map((ref, i) => ref.ask("spawn", (actors[i]?.requests ?? []).map(named), patient)),
    ])
  ).flat();

  expect(births.map((one, i) => outcome(one, asked[i] as SpawnRequest, births, asked))).toEqual(
    asked.map(() => "right"),
  );
  const addresses = births.flatMap((one) => ("address" in one ? [one.address] : []));
  expect(new Set(addresses).size).toBe(addresses.length);
  for (const address of addresses) {
    const name = address.slice(address.indexOf("/") + 1);
    expect((await system.find(child, name)).address).toBe(address);
    for (const ref of nurseries) expect(await ref.ask("find", name, patient)).toBe(address);
  }
  expect((await system.stats()).actors).toBe(before + addresses.length);
  await Promise.all(addresses.map((address) => system.stop({ address: address as never })));
  expect((await system.stats()).actors).toBe(before);
  const told = addresses.map((address) =>
    events.flatMap((event) => ("actor" in event && event.actor === address ? [event.type] : [])),
  );
  expect(told).toEqual(addresses.map(() => ["actor-spawned", "actor-stopped"]));
  await Promise.all(nurseries.map((ref) => system.stop(ref)));
  listening.unsubscribe();
}

/** "right", or what is wrong with it. */
function outcome(
  one: Birth,
  { isFit, name, tells }: SpawnRequest,
  all: readonly Birth[],
  asked: readonly SpawnRequest[],
): string {
  if ("address" in one) {
    if (!isFit) return "was born unfit";
    const doubles = all.filter((other, i) => "address" in other && name !== undefined && asked[i]?.name === name);
    if (doubles.length > 1) return "has a name with another one";
    return one.told === tells ? "right" : `was told ${tells} and heard ${one.told}`;
  }
  if (one.failed === "invalid-state") return isFit ? "unfit" : "right";
  // the name was another one's, if only for the time that it took to see that this one can't be started
  const isTaken =
    one.failed === "name-taken" && name !== undefined && asked.filter((other) => other.name === name).length > 1;
  return isTaken ? "right" : one.failed;
}

/** Threads die amid it: each spawn still comes to something, and what it fails with says why. */
async function endsAnyway(system: System, { outside, actors }: Spawns, scope: string): Promise<void> {
  const allowed = /^(invalid-state|name-taken|thread-died|no-such-thread|no-such-actor|actor-stopped)$/;
  const told = async (births: Promise<readonly Birth[]>): Promise<void> => {
    for (const one of await births) if ("failed" in one) expect(one.failed).toMatch(allowed);
  };
  await Promise.all([
    told(Promise.all(outside.map((one) => born(system, one)))),
    ...actors.map(async ({ thread: at, requests: wanted }, i) => {
      const name = `nursery-${i}-${scope}`;
      try {
        const ref = await system.spawn(nursery, { name, placement: { thread: at } });
        await told(ref.ask("spawn", [...wanted], patient));
      } catch (error) {
        expect((error as { readonly code: string }).code).toMatch(allowed);
      }
    }),
  ]);
}

describe("spawning many at once", () => {
  it("comes to an actor or an error each, and names are unique, on the simulator", () =>
    holdsSimulated(spawns, bornOnce));
  it("comes to an actor or an error each, and names are unique, on real threads", () =>
    holdsOnThreads(spawns, bornOnce));
  it("ends for each though threads die amid it", () =>
    holdsSimulated(spawns, endsAnyway, { faults: { threadDeath: 0.02, maxThreadDeaths: 2 } }));
  it("hangs or fails where a batch with answers is lost", async () => {
    let lost = 0;
    const why = await isFoundBroken(spawns, bornOnce, {
      tamper: () => (batch, from, to) => (from === 2 && to === 0 && ++lost % 3 === 0 ? undefined : batch),
    });
    expect(why).toMatch(/steps|waits|deadlock|settle|idle/i);
  });
});
