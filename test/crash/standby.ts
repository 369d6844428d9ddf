/**
 * Processes that work on one journal: one owns it, and another one waits for it. The owner is killed, or suspended, again and again; what was
 * acknowledged by any of them is held against what the journal has at the end.
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Journal } from "../../src/store/journal/journal.ts";
import { root } from "../compiled-modules.ts";
import type { Workload } from "./crash-harness.ts";

export interface StandbyOptions {
  /** The journal, as the programs are told of it. */
  readonly place: string;
  /** Opens it once all of them are gone. */
  readonly open: () => Promise<Journal>;
  readonly rounds: number;
  /** How the owner leaves: by SIGKILL, by SIGSTOP until another one has taken over, or by SIGTERM. */
  readonly leaves: "killed" | "suspended" | "asked";
  /** True for a program that waits with its threads open, and says "standing by". Default false. */
  readonly isWarm?: boolean;
  /** How many acknowledgements each owner gives, at least. */
  readonly acks: number;
}

export interface StandbyResult {
  readonly acknowledged: number;
  /** Milliseconds from the moment that each owner left to the first acknowledgement of the next. */
  readonly pauses: readonly number[];
  /** What suspended owners said at last. */
  readonly lastWords: readonly string[];
}

const signals = { killed: "SIGKILL", suspended: "SIGSTOP", asked: "SIGTERM" } as const;

class Member {
  readonly round: number;
  readonly acks: unknown[] = [];
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly gone: Promise<unknown>;
  readonly lastWords: Promise<string>;
  #standsBy = false;
  #notify: () => void = () => undefined;

  constructor(program: string, place: string, round: number) {
    this.round = round;
    this.child = spawn(process.execPath, [join(root, "test/crash/fixtures", program), place, String(round)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.gone = once(this.child, "exit");
    this.lastWords = text(this.child.stderr);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      if (line === "standing by") this.#standsBy = true;
      else if (line !== "started") this.acks.push(JSON.parse(line));
      this.#notify();
    });
    void this.gone.then(() => this.#notify());
  }

  async standsBy(): Promise<void> {
    await this.#until(() => this.#standsBy);
  }

  async acknowledged(count: number): Promise<void> {
    await this.#until(() => this.acks.length >= count);
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.child.exitCode !== null) throw new Error(`an owner ended by itself:\n${await this.lastWords}`);
      await new Promise<void>((resolve) => (this.#notify = resolve));
    }
  }
}

export async function standby<Ack>(workload: Workload<Ack>, options: StandbyOptions): Promise<StandbyResult> {
  const { place, open, rounds, leaves, acks, isWarm = false } = options;
  let round = 0;
  const start = (): Member => new Member(workload.program, place, ++round);
  const members = [start()];
  const pauses: number[] = [];
  const lastWords: string[] = [];
  try {
    let owner = members[0] as Member;
    await owner.acknowledged(acks);
    for (let i = 0; i < rounds; i++) {
      const next = start();
      members.push(next);
      if (isWarm) await next.standsBy();
      await owner.acknowledged(owner.acks.length + acks);
      owner.child.kill(signals[leaves]);
      const left = performance.now();
      await next.acknowledged(1);
      pauses.push(performance.now() - left);
      await next.acknowledged(acks);
      if (leaves === "suspended") owner.child.kill("SIGCONT");
      await owner.gone;
      if (leaves === "suspended") lastWords.push(await owner.lastWords);
      owner = next;
    }
    owner.child.kill("SIGKILL");
    await owner.gone;
  } finally {
    for (const { child } of members) child.kill("SIGKILL");
  }
  const journal = await open();
  for (const member of members) await workload.check(journal, member.acks as Ack[], member.round, place);
  await journal.close();
  return { acknowledged: members.reduce((sum, member) => sum + member.acks.length, 0), pauses, lastWords };
}
