/**
 * The choices of one run: which step is next, what becomes of a batch, what strikes, where an actor is placed. They are drawn as the run
 * goes, or given; either way they are kept, so that they repeat the run.
 */

/** What a choice decides. Each kind is a list of its own, so that a change of one kind moves no choice of another. */
export const choiceKinds = ["step", "fault", "strike", "place"] as const;
export type ChoiceKind = (typeof choiceKinds)[number];

/** What was chosen, in order. 0 is the ordinary: the step that goes on with what the last one did, no fault, the least loaded thread. */
export type Chosen = Readonly<Record<ChoiceKind, readonly number[]>>;

/** Choices to make again. */
export interface Given {
  readonly chosen: Chosen;
  /** What tells whether the choices among steps are the same. Default: nothing does. */
  readonly checks?: Checks;
}

/** Tells whether a run's choices among steps are the same as before. */
export interface Checks {
  /** How many there were. */
  readonly count: number;
  /** For every so many of them, and for the last one, a mark of what had run and what could run next. */
  readonly every: number;
  readonly marks: readonly string[];
}

/** Where the parts of a simulation have their choices from. */
export interface Choices {
  /** A whole number from 0, the ordinary, and less than `below`; `draw` gives one where none is given. */
  choose(kind: ChoiceKind, below: number, draw: () => number): number;
  /** Chooses among steps: one of each of these lanes. `soFar` is a hash of the steps before. */
  chooseStep(lanes: readonly LaneOfChoice[], soFar: number, draw: () => number): number;
}

interface LaneOfChoice {
  readonly name: string;
  /** Of its name. */
  readonly hash: number;
}

export class ChoicesOfRun implements Choices {
  readonly chosen: Record<ChoiceKind, number[]> = { step: [], fault: [], strike: [], place: [] };
  /** The lane of each step that was chosen. */
  readonly lanes: string[] = [];
  /** For each step that was chosen, among how many. */
  readonly alternatives: number[] = [];
  /** For each choice among steps, a mark of what had run and what could run next. */
  readonly marks: string[] = [];
  readonly #given: Given | undefined;
  #misfit: string | undefined;

  /** Makes the choices that are given, and the ordinary one where they end or don't fit. Draws all choices if none are given. */
  constructor(given?: Given) {
    this.#given = given;
  }

  /** The first choice that was given and wasn't there to take, or was another one; undefined while all fit. */
  get misfit(): string | undefined {
    return this.#misfit;
  }

  choose(kind: ChoiceKind, below: number, draw: () => number): number {
    const made = this.chosen[kind];
    const choice =
      this.#given === undefined
        ? draw()
        : this.#take(kind, this.#given.chosen[kind][made.length] ?? 0, made.length, below);
    made.push(choice);
    return choice;
  }

  chooseStep(lanes: readonly LaneOfChoice[], soFar: number, draw: () => number): number {
    const mark = markOf(lanes.reduce((hash, lane) => mixed(hash, lane.hash), soFar));
    this.marks.push(mark);
    this.#check(lanes, mark);
    const choice = this.choose("step", lanes.length, draw);
    this.lanes.push((lanes[choice] as LaneOfChoice).name);
    this.alternatives.push(lanes.length);
    return choice;
  }

  #check(lanes: readonly LaneOfChoice[], mark: string): void {
    const checks = this.#given?.checks;
    if (checks === undefined || this.#misfit !== undefined) return;
    const { count, every, marks } = checks;
    const at = this.chosen.step.length;
    const isUnchecked = at < count - 1 && (at + 1) % every > 0;
    if (at < count && (isUnchecked || marks[Math.floor(at / every)] === mark)) return;
    const from = at < count ? at - (at % every) : at;
    const which = from === at ? `choice ${at + 1}` : `one of the choices ${from + 1} to ${at + 1}`;
    const was = at < count ? "" : `, where there were ${count}`;
    const among = lanes.map(({ name }) => name).join(", ");
    this.#misfit = `${which} among steps is the first that differs${was}: choice ${at + 1} is between ${among}`;
  }

  #take(kind: ChoiceKind, choice: number, at: number, below: number): number {
    if (choice < below) return choice;
    this.#misfit ??= `choice ${at + 1} of kind "${kind}" was number ${choice}, and there are ${below} to choose from, from 0 on`;
    return 0;
  }
}

/** A hash of a text; the same in every process. */
export function textHash(text: string): number {
  let hash = 7;
  for (let at = 0; at < text.length; at++) hash = mixed(hash, text.charCodeAt(at));
  return hash;
}

/** A hash of a hash and a number after it. */
export function mixed(hash: number, next: number): number {
  return (Math.imul(hash, 31) + next) | 0;
}

/** Two characters that tell hashes apart but for one in 1,296. */
function markOf(hash: number): string {
  return ((Math.imul(hash, 0x9e3779b1) >>> 8) % 1296).toString(36).padStart(2, "0");
}
