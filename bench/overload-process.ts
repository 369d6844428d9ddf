/**
 * One load on one system, in a process of its own, so that its memory is its own: given terms as JSON, prints a line of JSON.
 *
 * The load is open: runs arrive when they arrive, at random and at the given rate, whether or not the ones before are done. A
 * run's latency counts from when it was to arrive, so that a generator that comes late hides nothing. Without a rate the
 * load is closed: as many runs in flight as may be, which measures the capacity.
 */

import { tmpdir } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createSystem, isTroupeError, lmdbJournal, type OverloadPolicy } from "troupe";
import { quantile } from "../src/bench/figure.ts";
import { quote } from "./overload-workflow.ts";

export interface LoadTerms {
  readonly onOverload: OverloadPolicy;
  /** Arrivals a second; absent for as many as it can do. */
  readonly rate?: number;
  readonly maxRuns: number;
  readonly maxWaitingRuns: number;
  /** Seconds before it counts, and that count. */
  readonly warmUp: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Runs a second that arrived and that finished, in the seconds that count. */
  readonly offered: number;
  readonly finished: number;
  /** The share of the arrivals that was refused. */
  readonly refused: number;
  /** Milliseconds from arrival to result of the accepted runs. */
  readonly p50: number;
  readonly p99: number;
  /** MiB: the most that the process had in memory. */
  readonly rss: number;
}

const terms = JSON.parse(process.argv[2] ?? "") as LoadTerms;
const directory = mkdtempSync(join(tmpdir(), "troupe-overload-"));
try {
  process.stdout.write(`${JSON.stringify(await load(terms, directory))}\n`);
} finally {
  rmSync(directory, { recursive: true });
}

async function load({ rate, warmUp, seconds, ...bounds }: LoadTerms, journalDirectory: string): Promise<LoadResult> {
  const system = await createSystem({
    threads: 2,
    journal: lmdbJournal(journalDirectory, { durability: "relaxed" }),
    ...bounds,
  });
  await system.deploy(quote);
  const latencies: number[] = [];
  let arrived = 0;
  let refused = 0;
  let finished = 0;
  let number = 0;
  let rss = 0;
  const start = performance.now();
  const from = start + warmUp * 1000;
  const until = from + seconds * 1000;
  const counts = (time: number): boolean => time >= from && time < until;

  const arrive = (time: number): Promise<void> | undefined => {
    if (counts(time)) arrived++;
    try {
      const { result } = system.run(quote, { id: ++number, cents: number % 10_000 });
      return result.then(
        () => {
          const now = performance.now();
          if (counts(now)) finished++;
          if (counts(time)) latencies.push(now - time);
        },
        (error: unknown) => {
          if (!isTroupeError(error, "system-closed")) throw error;
        },
      );
    } catch (error) {
      if (!isTroupeError(error, "overloaded")) throw error;
      if (counts(time)) refused++;
      return undefined;
    }
  };

  const sampling = setInterval(() => (rss = Math.max(rss, process.memoryUsage.rss())), 50);
  await (rate === undefined ? closedLoad() : openLoad(rate));
  clearInterval(sampling);
  await system.close();
  return {
    offered: arrived / seconds,
    finished: finished / seconds,
    refused: refused / arrived,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    rss: rss / 2 ** 20,
  };

  async function closedLoad(): Promise<void> {
    const one = async (): Promise<void> => {
      while (performance.now() < until) await arrive(performance.now());
    };
    await Promise.all(Array.from({ length: bounds.maxRuns }, one));
  }

  /** Gaps are exponential: arrivals that know nothing of each other. */
  function openLoad(perSecond: number): Promise<void> {
    return new Promise((resolve) => {
      let next = start;
      const tick = (): void => {
        for (
          const now = performance.now();
          next <= now && next < until;
          next -= Math.log(1 - Math.random()) * (1000 / perSecond)
        )
          void arrive(next);
        if (next < until) setTimeout(tick, 1);
        else setTimeout(resolve, Math.max(0, until - performance.now()));
      };
      tick();
    });
  }
}
