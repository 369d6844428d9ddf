/** Mechanisms of Troupe, each broken in one place, and the property that has to notice. */

export interface Mutation {
  readonly what: string;
  /** In `src`. */
  readonly file: string;
  /** Found there once. */
  readonly from: string;
  readonly to: string;
  /** In `test/invariants`. */
  readonly test: string;
  /** The beginning of the property's name, after that of its `describe`. */
  readonly property: string;
}

const onSimulator = "holds on the simulator";

export const mutations: readonly Mutation[] = [
  {
    what: "the version check of a commit is skipped",
    file: "store/authority/commit-sequencer.ts",
    from: "if (fits(line, change, writes)) continue;",
    to: "if (isWrite(change) || fits(line, change, writes)) continue;",
    test: "no-lost-update.test.ts",
    property: onSimulator,
  },
  {
    what: "what a transaction only read isn't checked",
    file: "store/authority/commit-sequencer.ts",
    from: "if (fits(line, change, writes)) continue;",
    to: "if (!isWrite(change) || fits(line, change, writes)) continue;",
    test: "transactions.test.ts",
    property: onSimulator,
  },
  {
    what: "a commit is acknowledged before the journal has it",
    file: "store/authority/commit-sequencer.ts",
    from: "const isVisible = !(kept instanceof Promise) && this.#tentative.length === 0;",
    to: "const isVisible = this.#tentative.length === 0;",
    test: "durability.test.ts",
    property: onSimulator,
  },
  {
    what: "a replica answers from what it has, whatever the causal token",
    file: "store/replication/store-replica.ts",
    from: "followed.fetching === undefined && this.#position >= token)",
    to: "followed.fetching === undefined)",
    test: "no-stale-read.test.ts",
    property: onSimulator,
  },
  {
    what: "an actor doesn't take over its message's causal token",
    file: "runtime/cell/actor-cell.ts",
    from: "this.observe(envelope.token);",
    to: "",
    test: "no-stale-read.test.ts",
    property: onSimulator,
  },
  {
    what: "the hand-over at a switch is dropped",
    file: "workflows/coordination/dispatch.ts",
    from: "return isRelayed ? handOver(run) : releaseAll(run);",
    to: "return isRelayed ? [] : releaseAll(run);",
    test: "same-outcome.test.ts",
    property: onSimulator,
  },
  {
    what: "steps are undone in the order in which they finished",
    file: "workflows/history/run-progress.ts",
    from: "return steps.undoneFirst === undefined ? undefined : stepAt(steps, steps.undoneFirst).name;",
    to: "return remainingCompensations(state).at(-1);",
    test: "same-outcome.test.ts",
    property: onSimulator,
  },
  {
    what: "the ledger says that nothing was settled",
    file: "runtime/cell/ledger.ts",
    from: "return { settled: Math.max(settled, dropped), inHand: begun > settled ? begun : 0 };",
    to: "return { ...nothingSettled, inHand: settled + dropped + begun < 0 ? begun : 0 };",
    test: "supervision.test.ts",
    property: "hold when threads die and handlers throw",
  },
  {
    what: "what was recorded of a call isn't looked for",
    file: "runtime/agents/calls-once.ts",
    from: "if (known !== undefined) return",
    to: "if (known !== undefined && run === name) return",
    test: "calls.test.ts",
    property: "holds on the simulator where threads die",
  },
  {
    what: "a permit isn't returned when the call has ended",
    file: "runtime/agents/agent-gate.ts",
    from: 'if (before === "settled") this.#dispatch({ type: "ended", ticket });',
    to: 'if (before === "settled") return;',
    test: "one-gate.test.ts",
    property: "never has more in flight",
  },
  {
    what: "a message whose deadline has passed is begun all the same",
    file: "runtime/cell/mailbox.ts",
    from: "else if (envelope.deadline !== never && this.#host.clock.now() >= envelope.deadline)",
    to: "else if (envelope.deadline < 0)",
    test: "no-work-for-nobody.test.ts",
    property: onSimulator,
  },
  {
    what: "a dead letter is dropped",
    file: "runtime/cell/mailbox.ts",
    from: "    this.#host.deadLetter(envelope, reason);\n    if (!envelope.isAsk) return;",
    to: "    if (!envelope.isAsk) return;",
    test: "nothing-vanishes.test.ts",
    property: "holds on the simulator when actors stop",
  },
  {
    what: "a message overtakes those before it",
    file: "runtime/cell/mailbox.ts",
    from: "    this.#queue.push(envelope);",
    to: "    if (this.#queue.length === 1 && this.#again === undefined) this.#again = envelope;\n    else this.#queue.push(envelope);",
    test: "one-at-a-time.test.ts",
    property: onSimulator,
  },
  {
    what: "a bulkhead lets one call more ahead",
    file: "agents/policies/bulkhead.ts",
    from: "return policy === undefined || inFlight < policy.concurrent;",
    to: "return policy === undefined || inFlight <= policy.concurrent;",
    test: "one-gate.test.ts",
    property: "never has more in flight",
  },
  {
    what: "a sender has a window of twice the capacity",
    file: "runtime/messaging/send-window.ts",
    from: "if (this.#inFlight.length < this.#capacity && this.#waiting.length === 0) {",
    to: "if (this.#inFlight.length < 2 * this.#capacity && this.#waiting.length === 0) {",
    test: "bounded-memory.test.ts",
    property: "holds senders of an actor that is busy",
  },
  {
    what: "credits of a busy actor are taken for twice as many",
    file: "runtime/messaging/send-window.ts",
    from: "while (this.#inFlight.length < this.#capacity) {",
    to: "while (this.#inFlight.length < 2 * this.#capacity) {",
    test: "bounded-memory.test.ts",
    property: "holds senders of an actor that is busy",
  },
  {
    what: "what was committed under a key is committed again",
    file: "store/authority/store-authority.ts",
    from: 'snapshots === undefined ? this.#sequencer.commit(request) : { kind: "duplicate", snapshots },',
    to: 'snapshots?.length !== -1 ? this.#sequencer.commit(request) : { kind: "duplicate", snapshots },',
    test: "durability.test.ts",
    property: onSimulator,
  },
];
