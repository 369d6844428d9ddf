/**
 * A supervisor and its participants on a network whose every delivery the test picks: one first-in-first-out channel each
 * way per participant, a queue of commits where the store is asynchronous, and work that ends when it is picked.
 */

import type { AgentContext, AgentDefinition } from "../../../src/agents/agent-definition.ts";
import { Participant } from "../../../src/workflows/participant/participant.ts";
import type { Work } from "../../../src/workflows/participant/work-slots.ts";
import { PayloadCodec } from "../../../src/contracts/payload-codec.ts";
import type { NumberedMessage } from "../../../src/workflows/coordination/coordination-protocol.ts";
import type { Coordination } from "../../../src/workflows/history/coordination.ts";
import type { Proposal } from "../../../src/workflows/history/run-event.ts";
import { pivotPassed } from "../../../src/workflows/history/run-progress.ts";
import { isOpen } from "../../../src/workflows/history/run-state.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { agentKey } from "../../../src/workflows/coordination/workflow-plan.ts";
import { MemoryRuns } from "./memory-runs.ts";

/** What an agent did, in order. */
export interface Effect {
  readonly kind: "executed" | "compensated" | "compensated-unknown";
  readonly key: string;
}

/** Work that an agent's code is doing; the schedule decides when it ends. */
interface Doing {
  readonly participant: Participant;
  end(): void;
}

/** A timer that was set and has not rung. */
interface SetTimer {
  readonly at: number;
  fire(): void;
}

export interface NetworkOptions {
  readonly workflow: WorkflowDefinition;
  readonly coordination: Coordination;
  /** Commits wait to be picked, too. */
  readonly isAsync?: boolean;
  /** A fault of the network: messages it swallows. */
  readonly swallows?: (message: NumberedMessage) => boolean;
  /** A fault of the network: duplicates come with a number of their own, so that they look like others. */
  readonly renumbers?: boolean;
}

export class RunNetwork {
  supervisor: RunSupervisor;
  readonly runs: MemoryRuns;
  readonly effects: Effect[] = [];
  /** What escaped: a participant that could not reach the supervisor, a broken run. */
  readonly errors: unknown[] = [];
  /** Proposals that the history did not accept. */
  readonly refused: Proposal[] = [];
  /** What was asked of supervisors and may not be answered yet; of one that died it never is. */
  begun: unknown[] = [];
  readonly #options: NetworkOptions;
  readonly #codec = new PayloadCodec({ maxBytes: 1e6 });
  readonly #participants = new Map<string, Participant>();
  readonly #channels = new Map<string, Delivery[]>();
  readonly #doing: Doing[] = [];
  readonly #timers = new Set<SetTimer>();
  #now = 0;
  #renumbered = 0;
  /** How many processes there were before. */
  #life = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.runs = new MemoryRuns(options.isAsync === true ? (commit) => this.#enqueue("store", commit) : undefined);
    this.supervisor = this.#startSupervisor();
  }

  #startSupervisor(): RunSupervisor {
    return new RunSupervisor({
      commit: (subject, next) => this.runs.commit(subject, next),
      newest: (subject) => this.runs.newest(subject),
      send: (agent, message) => this.#toParticipant(agent, message),
      admit: () => ({ begin: () => undefined, settle: () => undefined, release: () => undefined }),
      onVersion: () => undefined,
      onBroken: (_, error) => this.errors.push(error),
      codec: this.#codec,
      clock: this.#clock(),
      random: { next: () => 0.5 },
      listeners: { isHeard: () => false, take: () => false },
      endOfTurn: () => Promise.resolve(),
    });
  }

  /** The clock of one life of the process; what it had set doesn't ring in the next. */
  #clock(): Clock {
    const life = this.#life;
    return {
      now: () => this.#now,
      jumped: () => 0,
      setTimer: (ms, fire) => {
        const timer = { at: this.#now + ms, fire: () => life === this.#life && fire() };
        this.#timers.add(timer);
        return { cancel: () => this.#timers.delete(timer) };
      },
    };
  }

  /**
   * The process dies, and another goes on with the runs that have not ended, or takes them up to cancel those that can be.
   * Commits that wait are lost.
   */
  async crash(coordination: Coordination, cancels = false): Promise<void> {
    this.#life++;
    this.#participants.clear();
    this.#channels.clear();
    this.#doing.length = 0;
    this.#timers.clear();
    this.supervisor = this.#startSupervisor();
    const { supervisor } = this;
    const begun: unknown[] = [supervisor.switchCoordination(coordination)];
    if (this.#options.isAsync === true) await this.step(0);
    for (const run of this.runs.ids) {
      const newest = this.runs.versions(run).at(-1);
      if (newest === undefined || !isOpen(newest.state)) continue;
      const event =
        cancels && (newest.state.status !== "running" || pivotPassed(newest.state) === undefined)
          ? ({ type: "cancel-requested", reason: "by the user" } as const)
          : "recover";
      begun.push(supervisor.resume(newest, run, this.#options.workflow, event));
    }
    this.begun.push(...begun);
  }

  /** The participant of an agent, started when it is first needed. */
  participant(agent: AgentDefinition): Participant {
    const key = agentKey(agent);
    let participant = this.#participants.get(key);
    if (participant === undefined) this.#participants.set(key, (participant = this.#startParticipant(agent, key)));
    return participant;
  }

  get participants(): readonly Participant[] {
    return [...this.#participants.values()];
  }

  /** How many things could happen next. */
  get choices(): number {
    return this.#ready().length + this.#doing.length + Math.min(1, this.#timers.size);
  }

  /** Lets one of them happen: a delivery, perhaps one that happens again later, or the end of some agent's work. */
  async step(pick: number, repeats = false): Promise<void> {
    const ready = this.#ready();
    const index = pick % this.choices;
    const channel = ready[index];
    if (index >= ready.length + this.#doing.length) this.#ring();
    else if (channel === undefined) this.#doing.splice(index - ready.length, 1)[0]?.end();
    else {
      const delivery = channel.shift();
      if (repeats && delivery?.canRepeat === true) channel.push({ ...delivery, isRepeat: true });
      delivery?.deliver(delivery.isRepeat);
    }
    await settle();
  }

  /** Time passes until the next timer rings. */
  #ring(): void {
    const [next] = [...this.#timers].sort((one, other) => one.at - other.at);
    if (next === undefined) return;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.fire();
  }

  /** Work of an agent's code that ends when the schedule picks it; throws `failure` then, if there is one. */
  work(context: AgentContext, agent: AgentDefinition, kind: Effect["kind"], failure: Error | undefined): Promise<void> {
    this.effects.push({ kind, key: `${context.run ?? ""}/${context.step ?? ""}` });
    const participant = this.participant(agent);
    return new Promise((resolve, reject) => {
      this.#doing.push({ participant, end: () => (failure === undefined ? resolve() : reject(failure)) });
    });
  }

  /** The thread of an agent's participant dies: what it knew, did, was sent and had sent is gone. */
  lose(agent: AgentDefinition): void {
    const key = agentKey(agent);
    const lost = this.#participants.get(key);
    if (lost === undefined) return;
    this.#participants.delete(key);
    this.#channels.delete(`to ${key}`);
    this.#channels.delete(`from ${key}`);
    for (let i = this.#doing.length - 1; i >= 0; i--)
      if (this.#doing[i]?.participant === lost) this.#doing.splice(i, 1);
    this.supervisor.participantLost(agent, new TroupeError("thread-died", "the thread died"));
  }

  #startParticipant(agent: AgentDefinition, key: string): Participant {
    const { workflow } = this.#options;
    const from = `from ${key}`;
    const { supervisor } = this;
    const answer = <T>(deliver: (answer: T) => void, value: T): void => {
      if (this.#participants.get(key) === participant) this.#enqueue(`to ${key}`, () => deliver(value));
    };
    const participant = new Participant(agent, {
      claim: (run, event) =>
        new Promise((resolve) => {
          this.#enqueue(from, async () => {
            const grant = await supervisor.claim(run, event);
            if (grant === false) this.refused.push(event);
            answer(resolve, grant);
          });
        }),
      emitted: () => Promise.resolve(false),
      later: (task) => task(),
      begun: (...attempt) => this.#enqueue(from, () => supervisor.begun(...attempt)),
      report: (run, event, spent) =>
        this.#enqueue(from, async () => {
          if (!(await supervisor.propose(run, event, spent))) this.refused.push(event);
        }),
      workflow: () => workflow,
      context: (work) => contextOf(work),
      settled: () => Promise.resolve(), // they commit nothing
      onLeftBehind: () => undefined, // where time passes before its code ends
      onError: (error) => this.errors.push(error),
      codec: this.#codec,
      clock: this.#clock(),
    });
    return participant;
  }

  #toParticipant(agent: AgentDefinition, message: NumberedMessage): void {
    if (this.#options.swallows?.(message) === true) return;
    // as a wire does
    const { number, message: body } = structuredClone(message);
    this.#enqueue(`to ${agentKey(agent)}`, (isRepeat) => {
      const numbered = isRepeat && this.#options.renumbers === true ? 1e9 + ++this.#renumbered : number;
      void this.participant(agent).handle({ number: numbered, message: body });
    });
  }

  #ready(): Delivery[][] {
    return [...this.#channels.values()].filter(({ length }) => length > 0);
  }

  #enqueue(channel: string, deliver: (isRepeat: boolean) => unknown): void {
    const queue = this.#channels.get(channel) ?? [];
    this.#channels.set(channel, queue);
    queue.push({ deliver, isRepeat: false, canRepeat: channel !== "store" });
  }
}

interface Delivery {
  readonly deliver: (isRepeat: boolean) => unknown;
  readonly isRepeat: boolean;
  readonly canRepeat: boolean;
}

function contextOf({ run, step, idempotencyKey, cancellation }: Work): AgentContext {
  return { run, step, idempotencyKey, signal: cancellation.signal } as unknown as AgentContext;
}

/** Lets everything happen that needs no delivery. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
