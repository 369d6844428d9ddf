/** A schedule as a short string, which repeats it in another process. */

import { TroupeError } from "../../../errors/troupe-error.ts";
import { shown } from "../../../values/shown.ts";
import { type Checks, choiceKinds, type Chosen, type Given } from "./choices.ts";
import type { RunOutcome } from "./run-outcome.ts";

/** Of the form, and of what its numbers mean. */
const version = "2";

export interface Schedule extends Given {
  readonly checks: Checks;
  readonly seed: number;
  /** The beginning of the hash of its trace. */
  readonly hash: string;
}

const hashLength = 8;

/** Of so many choices among steps it is written what they were between; of more, only of every second, third and so on. */
const mostChecks = 24;

/**
 * The version, the seed, a list for each kind of choice, how many choices there were among steps with marks that check them, and the
 * beginning of the trace's hash, with points between them. A list has only what is not ordinary, each as its distance from the one before
 * and what was chosen. Numbers have base 36.
 */
export function writeSchedule({ seed, chosen, marks, schedule }: RunOutcome): string {
  const lists = choiceKinds.map((kind) => {
    let last = -1;
    return chosen[kind].flatMap((choice, at) => {
      if (choice === 0) return [];
      const distance = at - last;
      last = at;
      return [`${distance.toString(36)}_${choice.toString(36)}`];
    });
  });
  const count = marks.length;
  const every = checkedEvery(count);
  const checked = marks.filter((_, at) => at === count - 1 || (at + 1) % every === 0);
  const checks = `${count.toString(36)}_${checked.join("")}`;
  const written = lists.map((list) => list.join("-"));
  return [version, seed.toString(36), ...written, checks, schedule.slice(0, hashLength)].join(".");
}

function checkedEvery(count: number): number {
  return Math.max(1, Math.ceil(count / mostChecks));
}

/** @throws TroupeError `invalid-options` for a string that no schedule was written as. */
export function readSchedule(text: string): Schedule {
  const [of, seed, ...rest] = text.split(".");
  if (of !== version && /^\d+$/.test(of ?? "") && seed !== undefined)
    throw new TroupeError("invalid-options", `simulate: replay is of version ${of}, and only ${version} can be read`);
  const hash = rest.pop();
  const checks = readChecks(rest.pop());
  const isWhole =
    of === version &&
    /^-?[0-9a-z]+$/.test(seed ?? "") &&
    rest.length === choiceKinds.length &&
    /^[0-9a-f]{8}$/.test(hash ?? "");
  if (!isWhole || seed === undefined || hash === undefined || checks === undefined) throw noSchedule(text);
  const lists = choiceKinds.map((kind, index) => [kind, readList(text, rest[index] ?? "")] as const);
  return { seed: Number.parseInt(seed, 36), chosen: Object.fromEntries(lists) as unknown as Chosen, checks, hash };
}

function readChecks(text = ""): Checks | undefined {
  const [, number, written] = /^([0-9a-z]{1,6})_((?:[0-9a-z]{2})*)$/.exec(text) ?? [];
  if (number === undefined || written === undefined) return undefined;
  const count = Number.parseInt(number, 36);
  const every = checkedEvery(count);
  const marks = written.match(/../g) ?? [];
  return marks.length === Math.ceil(count / every) ? { count, every, marks } : undefined;
}

function readList(text: string, list: string): number[] {
  const choices: number[] = [];
  for (const entry of list === "" ? [] : list.split("-")) {
    const [, distance, choice] = /^([0-9a-z]{1,6})_([0-9a-z]{1,6})$/.exec(entry) ?? [];
    if (distance === undefined || choice === undefined) throw noSchedule(text);
    const at = choices.length - 1 + Number.parseInt(distance, 36);
    if (at > longest) throw noSchedule(text);
    while (choices.length < at) choices.push(0);
    choices.push(Number.parseInt(choice, 36));
  }
  return choices;
}

/** No run has more choices of a kind. */
const longest = 10_000_000;

function noSchedule(text: string): TroupeError {
  return new TroupeError(
    "invalid-options",
    `simulate: replay is a schedule as a failure prints it, not ${shown(text)}`,
  );
}
