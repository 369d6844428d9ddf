/** What a simulation can't decide ends it with an error that names it, and where it was called. */

import { spawn } from "node:child_process";
import { pbkdf2, randomBytes, randomFillSync, randomInt, randomUUID } from "node:crypto";
import { lookup } from "node:dns/promises";
import { createReadStream, readFile, readFileSync } from "node:fs";
import { readFile as readFilePromised } from "node:fs/promises";
import { get } from "node:http";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { gzip } from "node:zlib";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, type ErrorCode } from "../../../../src/index.ts";
import { type Scenario, simulate } from "../../../../src/testing/index.ts";
import { simulateOnce } from "../../../../src/testing/simulator/simulate.ts";
import { virtualSources } from "../../../../src/testing/simulator/virtual/virtual-sources.ts";

const file = new URL(import.meta.url);
const none = (): void => undefined;

const leaks: Readonly<Record<string, () => unknown>> = {
  fetch: () => fetch("http://localhost:1"),
  "fs.readFile": () => new Promise((resolve) => readFile(file, resolve)),
  "fs.promises.readFile": () => readFilePromised(file),
  "fs.createReadStream": () => createReadStream(file),
  "crypto.subtle.digest": () => crypto.subtle.digest("SHA-256", new Uint8Array(8)),
  "crypto.pbkdf2": () => new Promise((resolve) => pbkdf2("a", "b", 1, 8, "sha256", resolve)),
  "zlib.gzip": () => new Promise((resolve) => gzip("a", resolve)),
  "dns.promises.lookup": () => lookup("localhost"),
  "a connection to a server": () => connect(1).on("error", none),
  "a connection to a server, by http": () => get("http://localhost:1").on("error", none),
  "a child process": () => spawn(process.execPath, ["--version"]),
  "a worker thread": () => new Worker("", { eval: true }),
  MessageChannel: () => new MessageChannel(),
};

await virtualSources.lend(() => Promise.resolve()); // takes away what an earlier file of this process has left in their place
/** What code took before the simulation began, the simulation can't stand in for. */
const taken = { setTimeout, readFile: readFilePromised.bind(undefined), pbkdf2 };

const hidden: Readonly<Record<string, () => Promise<unknown>>> = {
  "a real timer": () => new Promise((resolve) => taken.setTimeout(resolve, 20)),
  "a file": () => taken.readFile(file),
  "crypto.pbkdf2": () => new Promise((resolve) => taken.pbkdf2("a", "b", 100_000, 64, "sha512", resolve)),
};

let leak: () => unknown = none;

const leaky = defineActor(import.meta.url, {
  name: "leaky",
  protocol: { leak: { reply: v.null() } },
  on: {
    async leak() {
      await callOfLeak();
      return null;
    },
  },
});

async function callOfLeak(): Promise<void> {
  await leak();
}

const scenario: Scenario = async ({ system }) => {
  const ref = await system.spawn(leaky);
  await ref.ask("leak");
};

async function failureOf(running: Promise<unknown>): Promise<Error & { code?: string; details?: object }> {
  return running.then(
    () => {
      throw new Error("it held");
    },
    (thrown: Error) => thrown,
  );
}

describe("what a simulation doesn't decide", () => {
  it.each(Object.keys(leaks))("is reported when it is called: %s", async (name) => {
    leak = leaks[name] as () => unknown;
    const error = await failureOf(simulate(scenario, { seed: 3, runs: 20 }));
    expect(error.code).toBe<ErrorCode>("uncontrolled-source");
    expect(error.details).toMatchObject({ source: name.replace(/, by .*/, ""), seed: 3 });
    expect(error.message).toMatch(/in step \d+, a turn of \d\/leaky-1:\n {4}at /);
    expect(error.message).toContain("uncontrolled.test.");
  });

  it.each(Object.keys(hidden))("is reported also when code had taken it before: %s", async (name) => {
    leak = hidden[name] as () => unknown;
    const error = await failureOf(simulate(scenario, { seed: 3, runs: 20 }));
    expect(error.code).toBe<ErrorCode>("uncontrolled-source");
    expect(error.details).toMatchObject({ source: name });
    expect(error.message).toContain("uncontrolled.test.");
  });

  it("is reported though the code goes on without it", async () => {
    const careless: Scenario = async () => {
      await fetch("http://localhost:1").catch(none);
    };
    expect(await failureOf(simulate(careless, { seed: 1, runs: 1 }))).toMatchObject({ code: "uncontrolled-source" });
  });

  it("isn't what a test has put in its place", async () => {
    const real = globalThis.fetch;
    globalThis.fetch = async () => new Response("of the test");
    try {
      await simulate(async () => expect(await (await fetch("http://localhost:1")).text()).toBe("of the test"), {
        seed: 1,
        runs: 5,
      });
    } finally {
      globalThis.fetch = real;
    }
  });

  it("isn't what ends at once, nor what is called outside", async () => {
    const held = simulate(
      async ({ sleep }) => {
        expect(readFileSync(file, "utf8")).toContain("what ends at once");
        await sleep(5);
      },
      { seed: 1, runs: 20 },
    );
    const outside = [readFilePromised(file, "utf8"), crypto.subtle.digest("SHA-256", new Uint8Array(8))];
    await Promise.all([held, ...outside]);
    expect((await held).runs).toBe(20);
  });
});

describe("chance of node:crypto", () => {
  /** What each gives, so that it can decide a schedule. */
  const chances: Readonly<Record<string, () => number | Promise<number>>> = {
    randomUUID: () => Number.parseInt(randomUUID().slice(0, 4), 16),
    randomBytes: () => randomBytes(2).readUInt16BE(),
    "randomBytes with a callback": () =>
      new Promise((resolve, reject) =>
        randomBytes(2, (error, bytes) => (error === null ? resolve(bytes.readUInt16BE()) : reject(error))),
      ),
    randomInt: () => randomInt(5, 1_000),
    randomFillSync: () => randomFillSync(new Uint16Array(1))[0] as number,
  };

  it.each(Object.keys(chances))("is of the seed: %s", async (name) => {
    const drawn = new Set<number>();
    const branching: Scenario = async ({ sleep }) => {
      const chance = (await chances[name]?.()) as number;
      drawn.add(chance);
      for (let n = chance % 7; n > 0; n--) await sleep(1);
    };
    for (let seed = 0; seed < 25; seed++) {
      const { schedule } = await simulateOnce(branching, seed);
      expect((await simulateOnce(branching, seed)).schedule).toBe(schedule);
    }
    expect(drawn.size).toBeGreaterThan(15);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  });
});
