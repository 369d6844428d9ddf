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
  /** By the place of a step's choice, a mark of the lane that it was of, by {@link markOf}. Default: any lane will do. */
  readonly marks?: ReadonlyMap<number, string>;
}

/** Where the parts of a simulation have their choices from. */
export interface Choices {
  /** A whole number from 0, the ordinary, and less than `below`; `draw` gives one where none is given. */
  choose(kind: ChoiceKind, below: number, draw: () => number): number;
  /** The same among steps that are of these lanes. */
  chooseStep(lanes: readonly { readonly name: string }[], draw: () => number): number;
}

export class ChoicesOfRun implements Choices {
  readonly chosen: Record<ChoiceKind, number[]> = { step: [], fault: [], strike: [], place: [] };
  /** The lane of each step that was chosen. */
  readonly lanes: string[] = [];
  /** Among how many. */
  readonly alternatives: number[] = [];
  readonly #given: Given | undefined;
  #misfit: string | undefined;

  /** With what is given, and where that ends or doesn't fit, with the ordinary. */
  constructor(given?: Given) {
    this.#given = given;
  }

  /** The first choice that was given and wasn't there to take; undefined while all fit. */
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

  chooseStep(lanes: readonly { readonly name: string }[], draw: () => number): number {
    const at = this.chosen.step.length;
    const choice = this.choose("step", lanes.length, draw);
    const { name } = lanes[choice] as { readonly name: string };
    const mark = this.#given?.marks?.get(at);
    if (mark !== undefined && mark !== markOf(name))
      this.#misfit ??= `choice ${at + 1} among steps was one of another lane than "${name}"`;
    this.lanes.push(name);
    this.alternatives.push(lanes.length);
    return choice;
  }

  #take(kind: ChoiceKind, choice: number, at: number, below: number): number {
    if (choice < below) return choice;
    this.#misfit ??= `choice ${at + 1} of kind "${kind}" was number ${choice}, and there are ${below} to choose from, from 0 on`;
    return 0;
  }
}

/** Two characters that tell lanes apart in most cases. */
export function markOf(lane: string): string {
  let hash = 7;
  for (let at = 0; at < lane.length; at++) hash = (Math.imul(hash, 31) + lane.charCodeAt(at)) | 0;
  return (Math.abs(hash) % 1296).toString(36).padStart(2, "0");
}
