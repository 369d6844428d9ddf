/**
 * Whatever crosses a boundary, the answer is a result or a `TroupeError`, and the system answers afterwards. `npm test` plays 500
 * cases, `npm run test:fuzz` 100,000.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSystem, type ActorRef, type System } from "../../src/index.ts";
import { answerOf } from "./answer.ts";
import { type FuzzCase, fuzzCases, play, type Stage } from "./calls.ts";
import { type FileCase, fileCases, makeOriginals, type Originals, playFile } from "./files.ts";
import { mirror, tally } from "./fixtures/mirror.ts";

const numRuns = Number(process.env["TROUPE_FUZZ"] ?? 500);

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let system: System;
let near: ActorRef;
let far: ActorRef;
let directory: string;
let originals: Originals;
let played = 0;

type Case = FuzzCase | FileCase;

const cases: fc.Arbitrary<Case> = fc.oneof({ weight: 4, arbitrary: fuzzCases }, { weight: 1, arbitrary: fileCases });

/** What failed once: each stands for a kind of fault. */
const found: readonly Case[] = [
  // a list is read without awaiting its lines, each of which would be asked for a `then`
  { call: "store.importHistory", spoilt: [{ argument: 0, option: 0, by: { list: [{ odd: "a revoked proxy" }] } }] },
  // a message that shows a value which can't be a text
  { call: "defineActor", spoilt: [{ argument: 1, option: 0, by: { odd: "a circle" } }] },
  { call: "store.commit", spoilt: [{ argument: 3, option: 1, by: { odd: "a symbol" } }] },
  { call: "store.transact", spoilt: [{ argument: 2, option: 3, by: { odd: "bigint" } }] },
  {
    call: "ref.ask, on the thread of the system",
    spoilt: [
      { argument: 0, option: 0, by: { odd: "a well-known symbol" } },
      { argument: 2, option: 0, by: { number: 0 } },
    ],
  },
  // a value that throws where it is read, or is no object
  { call: "defineAgent, a breaker", spoilt: [{ argument: 0, option: -1, by: { odd: "a revoked proxy" } }] },
  { call: "simulate", spoilt: [{ argument: 1, option: 10, by: { odd: "a revoked proxy of a function" } }] },
  { call: "supervise", spoilt: [{ argument: 0, option: 1, by: { odd: "a revoked proxy of a list" } }] },
  { call: "spawn", spoilt: [{ argument: 1, option: 1, by: { odd: "a revoked proxy" } }] },
  { call: "createSystem", spoilt: [{ argument: 0, option: 18, by: { odd: "a revoked proxy of a list" } }] },
  { call: "defineState", spoilt: [{ argument: 0, option: -1, by: { odd: "null" } }] },
  { call: "watch", spoilt: [{ argument: 0, option: -1, by: { odd: "an instance" } }] },
  { call: "ref.ask", spoilt: [{ argument: 1, option: -1, by: { odd: "a revoked proxy of a list" } }] },
  { call: "store.put", spoilt: [{ argument: 2, option: 0, by: { odd: "a revoked proxy of a list" } }] },
  { call: "store.revert", spoilt: [{ argument: 3, option: -1, by: { odd: "a revoked proxy of a list" } }] },
  // ids, names and definitions that are none
  { call: "store.read", spoilt: [{ argument: 0, option: -1, by: { odd: "undefined" } }] },
  { call: "store.put", spoilt: [{ argument: 1, option: -1, by: { odd: "an object that is no text" } }] },
  { call: "findRun", spoilt: [{ argument: 0, option: -1, by: { odd: "a revoked proxy" } }] },
  { call: "verifyJournal", spoilt: [{ argument: 0, option: -1, by: { odd: "undefined" } }] },
  { call: "store.importHistory", spoilt: [{ argument: 0, option: -1, by: { odd: "null" } }] },
  // a mode of stop that is none reached the other thread, and ended it
  { call: "stop", spoilt: [{ argument: 1, option: -1, by: { text: "drian" } }] },
  // a signal that is none ended the process, by an unhandled rejection
  { call: "ref.ask", spoilt: [{ argument: 2, option: 1, by: { odd: "an object without a prototype" } }] },
  // a list that no walk gets through
  { call: "step", spoilt: [{ argument: 2, option: 0, by: { odd: "a list without end" } }] },
  { call: "createSystem", spoilt: [{ argument: 0, option: 3, by: { odd: "a list without end" } }] },
  // bytes that were transferred: no later message found a state that could be copied
  { deed: "keeps", on: "far", of: { fields: [["bytes", { odd: "a detached buffer" }]], as: "plain" } },
  // a command that goes on until Ctrl-C
  { line: ["inspect", "--journal", "data"] },
  // an agent that never ends, since a promise is what has a function `then`: its timeout ends the call, and the next one has its place
  { way: "returns", coordination: "orchestrator", of: { fields: [["then", { odd: "a function" }]], as: "getters" } },
];

/** A module's export that only looks like a definition became half an actor, which ended the thread. */
const lookalike: Case = {
  module:
    "export const mirror = { kind: 'actor', module: import.meta.url, name: 'mirror', protocol: null, body: { kind: 'odd' } }",
};

const before = process.cwd();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "troupe-fuzz-"));
  originals = await makeOriginals(directory);
  process.chdir(directory); // for what makes files by odd names
  process.on("unhandledRejection", onUnhandled);
  system = await createSystem({ threads: 1, loadTimeout: 30_000 });
  near = await system.spawn(mirror, { placement: { thread: 0 } });
  far = await system.spawn(mirror, { placement: { thread: 1 } });
});

afterAll(async () => {
  await system.close();
  process.off("unhandledRejection", onUnhandled);
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

/** Asks both actors, and commits once. */
async function probe(): Promise<void> {
  expect(await near.ask("ping")).toBe("pong");
  expect(await far.ask("ping")).toBe("pong");
  const { state, version } = await system.store.commit(tally, "probe", (draft) => void draft.n++);
  expect(state.n).toBe(version);
}

async function holds(given: Case): Promise<void> {
  const stage: Stage = { system, near, far, directory, fresh: `case-${++played}` };
  await answerOf(() =>
    "call" in given || "deed" in given || "way" in given ? play(stage, given) : playFile(stage, originals, given),
  );
  expect(await answerOf(probe)).not.toHaveProperty("error");
  await turn(); // rejections that are not handled show after the microtasks
  expect(unhandled.splice(0)).toEqual([]);
}

describe("what crosses a boundary", () => {
  it("is answered with a result or a TroupeError, and the system goes on", async () => {
    await fc.assert(fc.asyncProperty(cases, holds), {
      numRuns,
      examples: [...found, lookalike].map((one) => [one]),
    });
  });
});
