/**
 * Searches for an order of operations that explains their answers, after Wing and Gong, "Testing and verifying concurrent objects"
 * (1993), with the memo of Lowe, "Testing for linearizability" (2017).
 *
 * It can be continued: {@link LinearizabilitySearch.advance} goes on for so many steps, so that parts of a history take turns.
 */

import { serialize } from "node:v8";
import { shown } from "../values/shown.ts";
import type { Operation } from "./operation.ts";
import type { SequentialModel } from "./sequential-model.ts";

/** One operation that was put at the end of the order, and what could be tried instead. */
interface Place {
  /** The operation; none for the first place, where the order is empty. */
  readonly operation: number;
  /** The state after it, by its number. */
  readonly state: number;
  /** The latest of the finished operations in the order, by their number. */
  readonly latest: number;
  /** Which operations could come next, and the states that they lead to: one after the other, in pairs. */
  readonly choices: readonly number[];
  /** The next choice to try. */
  at: number;
}

/** How many finished operations a character of a key stands for. */
const wordBits = 16;
/** So many characters are put together one by one, which is faster than by a buffer. */
const fewWords = 16;

const none: number[] = [];

/**
 * The search over one history.
 *
 * Finished operations are numbered in the order of their calls, and those with an unknown outcome after them. An order is explored once:
 * two that have the same operations in them, and end in the same state, go on alike. Of two such orders that differ in their operations with an
 * unknown outcome, one that has only some of the other's can go on in every way that the other can.
 */
export class LinearizabilitySearch<Input, Output> {
  readonly #operations: readonly Operation<Input, Output>[];
  /** How many of them have finished. */
  readonly #finished: number;
  readonly #states: States<unknown, Input, Output>;
  /** The finished operations that are not in the order yet, linked in the order of their calls; the last place is the list's head. */
  readonly #following: Int32Array;
  readonly #preceding: Int32Array;
  /** Which finished operations are in the order: a bit each. */
  readonly #words: Uint16Array;
  /** Which operations with an unknown outcome are in the order: a bit each. */
  readonly #used: Uint32Array;
  /** For each operation with an unknown outcome, the number of the one before it that does the same; −1 if there is none. */
  readonly #twins: Int32Array;
  /** By an order's finished operations and its state: the sets of operations with an unknown outcome that were in it. */
  readonly #explored = new Map<string, number[]>();
  readonly #order: Place[];
  #left: number;
  #steps = 0;

  constructor(model: SequentialModel<unknown, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    const byCall = operations.toSorted((a, b) => a.called - b.called);
    const finished = byCall.filter(({ returned }) => returned !== undefined);
    this.#operations = [...finished, ...byCall.filter(({ returned }) => returned === undefined)];
    this.#finished = this.#left = finished.length;
    this.#states = new States(model, this.#operations);
    this.#following = Int32Array.from({ length: finished.length + 1 }, (_, n) => (n === finished.length ? 0 : n + 1));
    this.#preceding = Int32Array.from({ length: finished.length + 1 }, (_, n) => (n === 0 ? finished.length : n - 1));
    this.#words = new Uint16Array(Math.ceil(finished.length / wordBits));
    this.#used = new Uint32Array(Math.ceil((operations.length - finished.length) / 32));
    this.#twins = twinsAmong(this.#operations.slice(finished.length).map(({ input }) => input));
    const state = this.#states.initial;
    this.#order = [{ operation: -1, state, latest: -1, choices: this.#choices(state), at: 0 }];
  }

  get operations(): readonly Operation<Input, Output>[] {
    return this.#operations;
  }

  /** How many orders were explored. */
  get steps(): number {
    return this.#steps;
  }

  /** Goes on for so many steps. Returns whether there is an order that explains all answers, or `undefined` if that isn't known yet. */
  advance(steps: number): boolean | undefined {
    const end = this.#steps + steps;
    while (this.#left > 0) {
      const place = this.#order.at(-1);
      if (place === undefined) return false;
      if (this.#steps >= end) return undefined;
      const operation = place.choices[place.at];
      const state = place.choices[place.at + 1];
      if (operation === undefined || state === undefined) {
        this.#order.pop();
        if (place.operation >= 0) this.#takeBack(place.operation);
        continue;
      }
      place.at += 2;
      this.#steps++;
      this.#put(operation);
      const latest = operation < this.#finished ? Math.max(place.latest, operation) : place.latest;
      if (this.#isExplored(state, latest)) {
        this.#takeBack(operation);
        continue;
      }
      this.#order.push({ operation, state, latest, choices: this.#choices(state), at: 0 });
    }
    return true;
  }

  /** What may come next: no operation that isn't in the order returned before it was called, and it answers as the model does. */
  #choices(state: number): readonly number[] {
    const finished: number[] = [];
    let deadline = Number.POSITIVE_INFINITY;
    for (let n = this.#first(); n < this.#finished; n = this.#following[n] ?? 0) {
      const { called = 0, returned = 0 } = this.#operations[n] ?? {};
      if (called > deadline) break;
      deadline = Math.min(deadline, returned);
      finished.push(n);
    }
    // what had to return first is tried first
    finished.sort((a, b) => this.#returned(a) - this.#returned(b));
    const choices: number[] = [];
    for (const n of finished) for (const next of this.#states.after(state, n)) choices.push(n, next);
    for (let n = this.#finished; n < this.#operations.length; n++) {
      if ((this.#operations[n]?.called ?? 0) > deadline) break;
      const at = n - this.#finished;
      const twin = this.#twins[at] ?? -1;
      if (this.#isUsed(at) || (twin >= 0 && !this.#isUsed(twin))) continue;
      for (const next of this.#states.after(state, n)) if (next !== state) choices.push(n, next);
    }
    return choices;
  }

  #first(): number {
    return this.#following[this.#finished] ?? 0;
  }

  #returned(n: number): number {
    return this.#operations[n]?.returned ?? 0;
  }

  #isUsed(at: number): boolean {
    return ((this.#used[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }

  #put(n: number): void {
    this.#flip(n);
    if (n >= this.#finished) return;
    const before = this.#preceding[n] ?? 0;
    const after = this.#following[n] ?? 0;
    this.#following[before] = after;
    this.#preceding[after] = before;
    this.#left--;
  }

  /** Undoes the newest {@link #put}: the neighbours of the operation are as they were. */
  #takeBack(n: number): void {
    this.#flip(n);
    if (n >= this.#finished) return;
    this.#following[this.#preceding[n] ?? 0] = n;
    this.#preceding[this.#following[n] ?? 0] = n;
    this.#left++;
  }

  #flip(n: number): void {
    const at = n - this.#finished;
    if (at >= 0) this.#used[at >>> 5] = (this.#used[at >>> 5] ?? 0) ^ (1 << (at & 31));
    else this.#words[Math.floor(n / wordBits)] = (this.#words[Math.floor(n / wordBits)] ?? 0) ^ (1 << (n % wordBits));
  }

  /** The words from one to before another as characters. They are few, unless an operation takes very long. */
  #window(low: number, high: number): string {
    if (high - low > fewWords) return Buffer.from(this.#words.buffer, low * 2, (high - low) * 2).toString("utf16le");
    let window = "";
    for (let word = low; word < high; word++) window += String.fromCharCode(this.#words[word] ?? 0);
    return window;
  }

  /** Whether an order that can do at least as much was explored before; if not, this one is noted. */
  #isExplored(state: number, latest: number): boolean {
    const low = Math.floor(this.#first() / wordBits);
    const high = Math.floor(latest / wordBits) + 1;
    const key = `${state} ${low} ${this.#window(low, high)}`;
    const width = this.#used.length;
    const sets = this.#explored.get(key);
    if (sets === undefined) {
      this.#explored.set(key, width === 0 ? none : [...this.#used]);
      return false;
    }
    if (width === 0) return true;
    for (let from = 0; from < sets.length; from += width) {
      let isWithin = true;
      for (let n = 0; n < width && isWithin; n++) isWithin = ((sets[from + n] ?? 0) & ~(this.#used[n] ?? 0)) === 0;
      if (isWithin) return true;
    }
    sets.push(...this.#used);
    return false;
  }
}

/** The model's states by number, and what operations make of them: each is asked of the model once. */
class States<State, Input, Output> {
  readonly initial: number;
  readonly #model: SequentialModel<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #after: (readonly number[])[][] = [];

  constructor(model: SequentialModel<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#operations = operations;
    this.initial = this.#numberOf(model.initial);
  }

  after(state: number, n: number): readonly number[] {
    const known = (this.#after[state] ??= []);
    return (known[n] ??= this.#ask(state, n));
  }

  #ask(state: number, n: number): readonly number[] {
    const operation = this.#operations[n];
    if (operation === undefined) return [];
    const answer = operation.returned === undefined ? undefined : { output: operation.output as Output };
    const next = this.#model.next(this.#states[state] as State, operation.input, answer);
    return [...new Set(next.map((one) => this.#numberOf(one)))];
  }

  #numberOf(state: State): number {
    const identity = this.#model.identity?.(state) ?? textOf(state);
    let number = this.#numbers.get(identity);
    if (number === undefined) {
      number = this.#states.push(state) - 1;
      this.#numbers.set(identity, number);
    }
    return number;
  }
}

/** For each input, the place of the last one before it that is the same; −1 if there is none. */
function twinsAmong(inputs: readonly unknown[]): Int32Array {
  const places = new Map<string, number>();
  return Int32Array.from(inputs, (input, at) => {
    const text = textOf(input);
    const twin = places.get(text) ?? -1;
    places.set(text, at);
    return twin;
  });
}

/** A text that differs for values that differ. That of {@link serialize} begins with another character, and takes longer. */
function textOf(value: unknown): string {
  if (typeof value === "string") return `"${value}`;
  if (typeof value === "number") return shown(value);
  return serialize(value).toString("latin1");
}
