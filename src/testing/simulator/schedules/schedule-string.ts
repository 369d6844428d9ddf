/** A schedule as a short string, which repeats it in another process. */

import { TroupeError } from "../../../errors/troupe-error.ts";
import { shown } from "../../../values/shown.ts";
import { choiceKinds, type Chosen, type Given, markOf } from "./choices.ts";
import type { RunOutcome } from "./run-outcome.ts";

/** Of the form, and of what its numbers mean. */
const version = "1";

export interface Schedule extends Given {
  readonly seed: number;
  /** The beginning of the hash of its trace. */
  readonly hash: string;
}

const hashLength = 8;

/**
 * The version, the seed, a list for each kind of choice and the beginning of the trace's hash, with points between them. A list has only
 * what is not ordinary, each as its distance from the one before, what was chosen and, for a step, a mark of its lane. Numbers have base 36.
 */
export function writeSchedule({ seed, chosen, lanes, schedule }: RunOutcome): string {
  const lists = choiceKinds.map((kind) => {
    let last = -1;
    return chosen[kind].flatMap((choice, at) => {
      if (choice === 0) return [];
      const distance = at - last;
      last = at;
      const mark = kind === "step" ? `~${markOf(lanes[at] ?? "")}` : "";
      return [`${distance.toString(36)}_${choice.toString(36)}${mark}`];
    });
  });
  return [version, seed.toString(36), ...lists.map((list) => list.join("-")), schedule.slice(0, hashLength)].join(".");
}

/** @throws TroupeError `invalid-options` for a string that no schedule was written as. */
export function readSchedule(text: string): Schedule {
  const [of, seed, ...rest] = text.split(".");
  if (of !== version && /^\d+$/.test(of ?? "") && seed !== undefined)
    throw new TroupeError("invalid-options", `simulate: replay is of version ${of}, and only ${version} can be read`);
  const hash = rest.pop();
  const isWhole =
    of === version &&
    /^-?[0-9a-z]+$/.test(seed ?? "") &&
    rest.length === choiceKinds.length &&
    /^[0-9a-f]{8}$/.test(hash ?? "");
  if (!isWhole || seed === undefined || hash === undefined) throw noSchedule(text);
  const marks = new Map<number, string>();
  const lists = choiceKinds.map((kind, index) => [kind, readList(text, rest[index] ?? "", marks)] as const);
  return { seed: Number.parseInt(seed, 36), chosen: Object.fromEntries(lists) as unknown as Chosen, marks, hash };
}

function readList(text: string, list: string, marks: Map<number, string>): number[] {
  const choices: number[] = [];
  for (const entry of list === "" ? [] : list.split("-")) {
    const [, distance, choice, mark] = /^([0-9a-z]{1,6})_([0-9a-z]{1,6})(?:~([0-9a-z]{2}))?$/.exec(entry) ?? [];
    if (distance === undefined || choice === undefined) throw noSchedule(text);
    const at = choices.length - 1 + Number.parseInt(distance, 36);
    if (at > longest) throw noSchedule(text);
    while (choices.length < at) choices.push(0);
    choices.push(Number.parseInt(choice, 36));
    if (mark !== undefined) marks.set(at, mark);
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
