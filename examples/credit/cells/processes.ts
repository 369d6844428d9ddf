/** The processes that share the cells: starts them, and ends them as a crash or an operator would. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/** A line that a process says. */
export interface Said {
  readonly type: string;
  readonly member?: string;
  readonly cell?: number;
  readonly epoch?: number;
  readonly error?: string;
  readonly memory?: number;
}

export interface ProcessOptions {
  /** The file of the program, and what Node.js is to be told to run it. */
  readonly program: string;
  readonly nodeArguments: readonly string[];
  readonly url: string;
  readonly schema: string;
  readonly cells: number;
  readonly lease: number;
  readonly pace: string;
}

export class MemberProcess {
  readonly said: Said[] = [];
  readonly gone: Promise<unknown>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lastWords: Promise<string>;
  #isMeantToEnd = false;

  constructor({ program, nodeArguments, url, schema, cells, lease, pace }: ProcessOptions) {
    const given = [program, url, schema, String(cells), String(lease), pace];
    this.#child = spawn(process.execPath, [...nodeArguments, ...given], { stdio: ["ignore", "pipe", "pipe"] });
    this.#lastWords = text(this.#child.stderr);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.said.push(JSON.parse(line) as Said));
    this.gone = once(this.#child, "exit");
  }

  /** What it is called among the members; `undefined` until it has said so. */
  get member(): string | undefined {
    return this.said.find(({ type }) => type === "member")?.member;
  }

  /** Kills it as the machine's end would, or asks it to hand over. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#isMeantToEnd = true;
    this.#child.kill(signal);
    await this.gone;
  }

  /** @throws Error where it has ended by itself. */
  async check(): Promise<void> {
    if (this.#isMeantToEnd || (this.#child.exitCode === null && this.#child.signalCode === null)) return;
    throw new Error(`a process ended by itself:\n${await this.#lastWords}`);
  }
}
