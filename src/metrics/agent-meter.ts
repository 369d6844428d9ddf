/** Counts the runs of agents' code on one thread: how often, how long, how they ended, and what they used. */

import { add, type Histogram, measure, newHistogram } from "./histogram.ts";

/** What was counted of one agent and one kind of end. Plain data. */
export interface AgentCount {
  readonly agent: string;
  /** A code or a name of the error with which the code ended; absent for none. */
  readonly failure?: string | undefined;
  readonly durations: Histogram;
  inputTokens: number;
  outputTokens: number;
}

export interface Measured {
  readonly agent: string;
  readonly failure: string | undefined;
  /** Milliseconds. */
  readonly took: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Owns the counts of one thread. They are few: an application defines the agents, and failures are known by their codes. */
export class AgentMeter {
  readonly #counts = new Map<string, AgentCount>();

  get counts(): readonly AgentCount[] {
    return [...this.#counts.values()];
  }

  record({ agent, failure, took, inputTokens, outputTokens }: Measured): void {
    const count = this.#of(agent, failure);
    measure(count.durations, took / 1_000);
    count.inputTokens += inputTokens;
    count.outputTokens += outputTokens;
  }

  /** Adds what another thread has counted. */
  merge(others: readonly AgentCount[]): void {
    for (const { agent, failure, durations, inputTokens, outputTokens } of others) {
      const count = this.#of(agent, failure);
      add(count.durations, durations);
      count.inputTokens += inputTokens;
      count.outputTokens += outputTokens;
    }
  }

  #of(agent: string, failure: string | undefined): AgentCount {
    const name = failure === undefined ? agent : `${agent} ${failure}`;
    const known = this.#counts.get(name);
    if (known !== undefined) return known;
    const count: AgentCount = { agent, failure, durations: newHistogram(), inputTokens: 0, outputTokens: 0 };
    this.#counts.set(name, count);
    return count;
  }
}
