/**
 * The choices of one run: which step is next, what becomes of a batch, what strikes, where an actor is placed. They are drawn as the run
 * goes, or given; either way they are kept, so that they repeat the run.
 */

/** What a choice decides. Each kind is a list of its own, so that a change of one kind moves no choice of another. */
export type ChoiceKind = "step" | "fault" | "strike" | "place";

/** What was chosen, in order. 0 is the ordinary: the step that goes on with what the last one did, no fault, the least loaded thread. */
export type Chosen = Readonly<Record<ChoiceKind, readonly number[]>>;

/** Where the parts of a simulation have their choices from. */
export interface Choices {
  /** A whole number from 0, the ordinary, and less than `below`; `draw` gives one where none is given. */
  choose(kind: ChoiceKind, below: number, draw: () => number): number;
}

export class ChoicesOfRun implements Choices {
  readonly chosen: Record<ChoiceKind, number[]> = { step: [], fault: [], strike: [], place: [] };
  readonly #given: Chosen | undefined;
  #misfit: string | undefined;

  /** With what is given, and where that ends or doesn't fit, with the ordinary. */
  constructor(given?: Chosen) {
    this.#given = given;
  }

  /** The first choice that was given and wasn't there to take; undefined while all fit. */
  get misfit(): string | undefined {
    return this.#misfit;
  }

  choose(kind: ChoiceKind, below: number, draw: () => number): number {
    const made = this.chosen[kind];
    const choice = this.#given === undefined ? draw() : this.#take(kind, made.length, below);
    made.push(choice);
    return choice;
  }

  #take(kind: ChoiceKind, at: number, below: number): number {
    const given = this.#given?.[kind][at] ?? 0;
    if (given < below) return given;
    this.#misfit ??= `${kind} ${at + 1} was to be number ${given} of ${below}`;
    return 0;
  }
}
