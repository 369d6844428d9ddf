/** The types of a workflow's steps: what each is given, and what it leaves to later ones. All of it exists only in types. */

import type { ReadonlyParts } from "../../values/readonly-parts.ts";
import type { Doer, Emitted, Within } from "./doer.ts";
import type { EachOptions, Results } from "./each-options.ts";
import type {
  HandOff,
  InboxOf,
  LoopDoers,
  LoopOptions,
  OutputOfLoop,
  PartsOfLoop,
  RoundMapping,
  WaitsOfLoop,
} from "./loop-options.ts";
import type { PauseTime, WaitOptions } from "./wait-options.ts";
import type { Tolerance, WorkflowDefinition } from "./workflow-definition.ts";

/** The options of a step that only an agent has. A sub-workflow has none of them: its own steps have. */
export type OwnOptions<Kind, From, Out> = Kind extends "workflow"
  ? { readonly fallback?: never; readonly pointOfNoReturn?: never }
  : StepOptions<From, Out>;

/** The names of a workflow's own steps, without those of its sub-workflows. Where there is none, what the compiler is to say. */
export type StepName<Steps> = [keyof Steps] extends [never]
  ? NoStep
  : Exclude<keyof Steps & string, `${string}/${string}`>;
type NoStep = "no step is declared before this one";

/** The key of a property that exists only in types. */
declare const skippable: unique symbol;

/**
 * Stands, in a workflow's type, for the output of a step that may be skipped.
 *
 * @since 0.1.0
 */
export interface MayBeSkipped<Out> {
  readonly [skippable]: Out;
}

/** The output of a step once it has settled: `undefined` for one that was skipped. */
export type Settled<Step> = Step extends MayBeSkipped<infer Out> ? Out | undefined : Step;

/** The output of a step that has finished. */
export type Finished<Step> = Step extends MayBeSkipped<infer Out> ? Out : Step;

/** The sources of one step: `input`, the outputs of the steps in its `after`, and of those in its `needs`, which have finished. */
export type Sources<Parsed, Steps, After extends string, Needs extends string = never> = {
  readonly [K in "input" | After | Needs]: K extends Needs
    ? Finished<Steps[K & keyof Steps]>
    : K extends After
      ? Settled<Steps[K & keyof Steps]>
      : Parsed;
};

/** What a step leaves: its output, which may be missing if the step, or one that it needs, may be skipped and nothing stands in. */
export type Left<Out, Steps, Needs extends string, When, Otherwise> = [Otherwise] extends [never]
  ? [When] extends [never]
    ? true extends { readonly [K in Needs]: Steps[K & keyof Steps] extends MayBeSkipped<unknown> ? true : never }[Needs]
      ? MayBeSkipped<Out>
      : Out
    : MayBeSkipped<Out>
  : Out;

/** Rejects, at compile time, a step name that is taken. */
type FreeName<Name, Steps> = Name extends "input"
  ? "a step can't be named input: that is what mappings call the run's input"
  : Name extends keyof Steps
    ? "the workflow has a step of this name"
    : Name;

/**
 * The options of a step besides {@link BranchOptions}.
 *
 * @since 0.1.0
 */
export interface StepOptions<From, Out> {
  /**
   * Gives the step's output when its agent failed for good, or when the agent's open breaker rejected the call. It gets
   * the mapping's argument and the error. Its result has to satisfy the agent's output contract; if the fallback throws,
   * the step fails. It doesn't stand in for a `Refusal`, which is the agent's answer. A step that finished by its fallback is
   * not compensated, as its agent gave no output.
   */
  readonly fallback?: (sources: From, error: unknown) => ReadonlyParts<Out>;
  /**
   * True for the run's point of no return: once this step has finished, the run isn't undone any more. It can't be
   * cancelled then, and when a later step fails for good, the run ends as `compensation-failed` and waits for a person.
   */
  readonly pointOfNoReturn?: boolean;
}

/**
 * After which steps a step comes, and whether it is done. `From` is what its mapping gets; in `FromAll`, any step may be missing
 * that may be skipped.
 *
 * @since 0.1.0
 */
export interface BranchOptions<After, Needs, From, FromAll, When, Otherwise> {
  /** The steps that have to settle before: to finish, or to be skipped. The output of one that was skipped is `undefined`. */
  readonly after?: readonly After[];
  /** The steps that have to finish before. If one of them was skipped, and nothing stood in for it, this step is skipped too. */
  readonly needs?: readonly Needs[];
  /** Says whether the step is done; if not, it is skipped. Synchronous and pure. If it throws, the step fails. */
  readonly when?: (sources: From) => When;
  /**
   * Gives the output of a step that is skipped: then no later step finds it missing. It gets the sources too, among which also the
   * steps in `needs` may be missing. Its result has to satisfy the agent's output contract, or the schema of the wait's answer.
   * Synchronous and pure.
   */
  readonly otherwise?: (sources: FromAll) => Otherwise;
}

/**
 * A workflow definition that can be given further steps. It is immutable: each {@link WorkflowBuilder.step} returns a
 * new definition and leaves this one as it is. `Parsed` is the run's input after the schema, as mappings get it.
 *
 * @since 0.1.0
 */
export interface WorkflowBuilder<Input, Parsed, Output, Steps, Waits, Parts> extends WorkflowDefinition<
  Input,
  Output,
  Steps,
  Waits,
  Parts
> {
  /**
   * Adds a step that needs nothing but the run's input: an agent, or a workflow, whose steps are then steps of the same run by their paths,
   * such as `ship/pick`, and whose output is that of its step declared last.
   *
   * @throws TroupeError `invalid-workflow` for a name that is taken or can't be used, or for an agent or mapping that
   * isn't one.
   */
  step<
    const Name extends string,
    Kind extends "agent" | "workflow",
    const In,
    Out,
    Inner,
    InnerWaits,
    Part,
    InnerParts,
  >(
    name: FreeName<Name, Steps>,
    does: Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts>,
    map: (sources: Sources<Parsed, Steps, never>) => NoInfer<ReadonlyParts<In>>,
  ): WorkflowBuilder<
    Input,
    Parsed,
    Out,
    Steps & { readonly [K in Name]: Out } & Within<Name, Inner>,
    Waits & Within<Name, InnerWaits>,
    Parts & Emitted<Kind, Name, Part, InnerParts>
  >;
  /**
   * Adds a step with options: an agent, or a workflow. It starts when the steps in `after` have settled, and those in `needs` have finished; its mapping gets
   * their outputs, and only theirs. Without either, it needs nothing but the run's input.
   *
   * With `when`, or after a step that was skipped and is in its `needs`, it may be skipped itself. Then its output is missing for later
   * steps, which the types of their sources tell, unless `otherwise` gives one.
   *
   * @throws TroupeError `invalid-workflow` for a name that is taken or can't be used, for an agent or mapping that isn't
   * one, and for a step in `after` or `needs` that was not declared before.
   * @example
   * defineWorkflow(import.meta.url, { name: "claim", version: "1.0.0", input: Claim })
   *   .step("triage", triage, ({ input }) => input)
   *   .step("refund", refund, { after: ["triage"], when: ({ triage }) => triage.kind === "refund" }, ({ input }) => ({ order: input.order }))
   *   .step("letter", letter, { needs: ["refund"] }, ({ refund }) => ({ text: `${refund.cents} back` }))
   *   .step("close", close, { after: ["letter"] }, ({ letter }) => ({ sent: letter?.id }));
   */
  step<
    const Name extends string,
    Kind extends "agent" | "workflow",
    const In,
    const Out,
    Inner,
    InnerWaits,
    Part,
    InnerParts,
    const After extends StepName<Steps> = never,
    const Needs extends StepName<Steps> = never,
    When extends boolean = never,
    const Otherwise extends ReadonlyParts<Out> = never,
  >(
    name: FreeName<Name, Steps>,
    does: Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts>,
    options: OwnOptions<Kind, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Out>> &
      BranchOptions<
        After,
        Needs,
        Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>,
        Sources<Parsed, Steps, NoInfer<After | Needs>>,
        When,
        Otherwise
      >,
    map: (sources: Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>) => NoInfer<ReadonlyParts<In>>,
  ): WorkflowBuilder<
    Input,
    Parsed,
    Settled<Left<Out, Steps, Needs, When, Otherwise>>,
    Steps & { readonly [K in Name]: Left<Out, Steps, Needs, When, Otherwise> } & Within<Name, Inner>,
    Waits & Within<Name, InnerWaits>,
    Parts & Emitted<Kind, Name, Part, InnerParts>
  >;
  /**
   * Adds an each: a step that an agent, or a workflow, does for each item of a list. `over` gives the list, and the last argument maps an item, with
   * its `index` and the sources, to the input of what does it. Its output has the outputs in the list's order. Each item is tried again, recovered and
   * undone by itself, under its path: `check[3]`. Of a workflow, each step is: `check[3]/score`.
   *
   * When an item fails for good, no further one starts and the run fails, unless `tolerate` says how many may. An item that is a workflow fails with the
   * first of its steps that does: none of its other steps starts any more, and what they had done stays, until the run is undone.
   *
   * @throws TroupeError `invalid-workflow` as {@link WorkflowBuilder.step} does, for bounds that aren't whole numbers above 0, and for a workflow with
   * a point of no return.
   * @example
   * defineWorkflow(import.meta.url, { name: "review", version: "1.0.0", input: Document })
   *   .step("split", splitter, ({ input }) => input)
   *   .each("check", checker, { after: ["split"], over: ({ split }) => split.parts, concurrency: 4, tolerate: 2 },
   *     ({ item, index }) => ({ part: item, number: index + 1 }))
   *   .step("report", writer, { after: ["check"] }, ({ check }) => ({ findings: check.flatMap(({ output }) => output ?? []) }));
   */
  each<
    const Name extends string,
    Kind extends "agent" | "workflow",
    const In,
    const Out,
    Inner,
    InnerWaits,
    Part,
    InnerParts,
    Item,
    const After extends StepName<Steps> = never,
    const Needs extends StepName<Steps> = never,
    When extends boolean = never,
    const Tolerate extends Tolerance = never,
    const Otherwise extends ReadonlyParts<Results<Out, Tolerate>> = never,
  >(
    name: FreeName<Name, Steps>,
    does: Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts>,
    options: EachOptions<
      Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>,
      Item,
      Tolerate,
      NoInfer<Kind>,
      NoInfer<Out>
    > &
      BranchOptions<
        After,
        Needs,
        Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>,
        Sources<Parsed, Steps, NoInfer<After | Needs>>,
        When,
        Otherwise
      >,
    map: (
      sources: Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>> & {
        readonly item: NoInfer<Item>;
        readonly index: number;
      },
    ) => NoInfer<ReadonlyParts<In>>,
  ): WorkflowBuilder<
    Input,
    Parsed,
    Settled<Left<Results<Out, Tolerate>, Steps, Needs, When, Otherwise>>,
    Steps & { readonly [K in Name]: Left<Results<Out, Tolerate>, Steps, Needs, When, Otherwise> },
    Waits & Within<`${Name}[${number}]`, InnerWaits>,
    Parts & Emitted<Kind, `${Name}[${number}]`, Part, InnerParts>
  >;
  /**
   * Adds a loop: a step that an agent, or a workflow, does again and again, one round at a time, until `until` says that it is done. The last argument
   * maps the sources to the input of what does it, with the output of the round before as `last`, which is `undefined` for the first one, and the number of
   * the `round`. Its output is that of the last round. Each round is tried again, recovered and undone by itself, under its path: `improve#3`.
   * Of a workflow, each step is: `improve#3/critique`. The output of a round is that of its last step then.
   *
   * Several agents are given by name. `who` gives the name of the one that does the next round, the last argument has a mapping for each, and
   * `by` tells whose output `last` is.
   *
   * With `inbox`, it takes messages by {@link Run.tell}: each is read by exactly one round, as one of `told`, or refused to its sender.
   *
   * There are never more rounds than `max`. After so many, the step fails as `loop-exhausted`, or finishes if `onMax` is `"accept"`.
   *
   * @throws TroupeError `invalid-workflow` as {@link WorkflowBuilder.step} does, for a `max` that isn't a whole number from 1 to a million, for
   * agents without a mapping, and for a workflow with a point of no return, or of which a round may do nothing.
   * @example
   * defineWorkflow(import.meta.url, { name: "essay", version: "1.0.0", input: Topic })
   *   .step("draft", writer, ({ input }) => input)
   *   .loop("improve", editor, { after: ["draft"], until: ({ last }) => last.score >= 0.9, max: 8, onMax: "accept" },
   *     ({ draft, last }) => ({ text: last?.text ?? draft.text, notes: last?.notes ?? [] }));
   */
  loop<
    const Name extends string,
    const Does extends LoopDoers,
    const Given = never,
    const Told = never,
    const After extends StepName<Steps> = never,
    const Needs extends StepName<Steps> = never,
    When extends boolean = never,
    const Otherwise extends ReadonlyParts<OutputOfLoop<Does>> = never,
  >(
    name: FreeName<Name, Steps>,
    does: Does,
    options: LoopOptions<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Does>, Given, Told> &
      HandOff<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Does>, NoInfer<Told>> &
      BranchOptions<
        After,
        Needs,
        Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>,
        Sources<Parsed, Steps, NoInfer<After | Needs>>,
        When,
        Otherwise
      >,
    map: RoundMapping<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Does>, NoInfer<Told>>,
  ): WorkflowBuilder<
    Input,
    Parsed,
    Settled<Left<OutputOfLoop<Does>, Steps, Needs, When, Otherwise>>,
    Steps & { readonly [K in Name]: Left<OutputOfLoop<Does>, Steps, Needs, When, Otherwise> },
    Waits & InboxOf<Name, Given> & WaitsOfLoop<Name, Does>,
    Parts & PartsOfLoop<Name, Does>
  >;
  /**
   * Adds a wait: a step that finishes when {@link Run.tell} gives its answer, and the answer is its output. The last argument makes the
   * question, for the caller that answers. While it waits, no thread, no place among the runs in flight and no timer of its own is held, and a
   * shutdown doesn't wait for it.
   *
   * The first answer counts, also one that came before the wait opened. With `timeout`, it is given up after that time: `otherwise` gives
   * the output then, and without it the step fails as `timed-out`. Nothing of a wait is undone.
   *
   * @throws TroupeError `invalid-workflow` as {@link WorkflowBuilder.step} does, and for an answer that isn't a valibot schema or a timeout
   * that isn't a number of milliseconds above 0.
   * @example
   * defineWorkflow(import.meta.url, { name: "purchase", version: "1.0.0", input: Order })
   *   .step("quote", quote, ({ input }) => input)
   *   .waitFor("approval", { after: ["quote"], answer: Approval, timeout: 3 * 86_400_000, otherwise: () => ({ approved: false }) },
   *     ({ quote }) => ({ title: `Spend ${quote.cents}?` }))
   *   .step("buy", buyer, { after: ["quote"], needs: ["approval"], when: ({ approval }) => approval.approved }, ({ quote }) => quote);
   */
  waitFor<
    const Name extends string,
    const Given,
    const Answer,
    const After extends StepName<Steps> = never,
    const Needs extends StepName<Steps> = never,
    When extends boolean = never,
    const Otherwise extends ReadonlyParts<Answer> = never,
  >(
    name: FreeName<Name, Steps>,
    options: WaitOptions<Given, Answer> &
      BranchOptions<
        After,
        Needs,
        Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>,
        Sources<Parsed, Steps, NoInfer<After | Needs>>,
        When,
        Otherwise
      >,
    question: (sources: Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>) => unknown,
  ): WorkflowBuilder<
    Input,
    Parsed,
    Settled<Left<Answer, Steps, Needs, When, Otherwise>>,
    Steps & { readonly [K in Name]: Left<Answer, Steps, Needs, When, Otherwise> },
    Waits & { readonly [K in Name]: ReadonlyParts<Given> },
    Parts
  >;
  /**
   * Adds a pause: a step that finishes when its time has come, `ms` milliseconds after it began or at the time that `until` gives. Its output is
   * `undefined`. It holds as little as a wait, for as long as it takes: also for years, and across restarts of the process.
   *
   * @throws TroupeError `invalid-workflow` as {@link WorkflowBuilder.step} does, and for another time than one of the two.
   * @example
   * defineWorkflow(import.meta.url, { name: "trial", version: "1.0.0", input: Account })
   *   .pause("fortnight", { ms: 14 * 86_400_000 })
   *   .step("remind", mailer, { after: ["fortnight"] }, ({ input }) => ({ to: input.email }));
   */
  pause<
    const Name extends string,
    const After extends StepName<Steps> = never,
    const Needs extends StepName<Steps> = never,
    When extends boolean = never,
  >(
    name: FreeName<Name, Steps>,
    options: PauseTime<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>> &
      Omit<
        BranchOptions<After, Needs, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, unknown, When, never>,
        "otherwise"
      >,
  ): WorkflowBuilder<
    Input,
    Parsed,
    undefined,
    Steps & { readonly [K in Name]: Left<undefined, Steps, Needs, When, never> },
    Waits,
    Parts
  >;
}
