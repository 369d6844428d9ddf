/**
 * The broken system of the story: the same five agents, over a shared mutable cache instead of the versioned store.
 *
 * A ledger holds each applicant's file. Every thread keeps the files it has read in a cache that its agents share. Who
 * changes a file writes it to the ledger and tells every thread's cache to drop its copy; that message is on its way for
 * a while. An agent that reads before it arrives gets the old file. Nothing here decides that a rating shall be wrong: the
 * risk agent's read and the invalidation race, on real threads, and sometimes the read is first.
 */

import { type ActorRef, type AgentContext, type AgentDefinition, defineActor, type System } from "troupe";
import * as v from "valibot";
import { approval, creditScore, fraudDetection, incomeVerification, riskAssessment } from "./agents.ts";
import { Application } from "./application.ts";
import { Applicant } from "./contracts.ts";
import { creditWorkflow } from "./credit-workflow.ts";
import { delayOf } from "./pace.ts";

const applicantId = Application.entries.id;

/** The record of truth: one actor, so its writes are in order. */
export const ledger = defineActor(import.meta.url, {
  name: "ledger",
  protocol: {
    write: { input: v.strictObject({ applicantId, file: Applicant }) },
    read: { input: v.strictObject({ applicantId }), reply: Applicant },
  },
  state: () => new Map<string, Applicant>(),
  on: {
    write(files, { applicantId: id, file }) {
      files.set(id, file);
    },
    read(files, { applicantId: id }) {
      const file = files.get(id);
      if (file === undefined) throw new Error(`the ledger has no file of ${id}`);
      return file;
    },
  },
});

/** What this thread's agents have read: mutable, and shared by all of them. */
const cache = new Map<string, Applicant>();

/** Drops files from the cache of the thread it runs on; there is one on each thread. */
export const cacheKeeper = defineActor(import.meta.url, {
  name: "cache-keeper",
  protocol: { invalidate: { input: v.strictObject({ applicantId }) } },
  on: {
    invalidate(_draft, { applicantId: id }) {
      cache.delete(id);
    },
  },
});

const ledgerName = "ledger";
const keeperName = (thread: number): string => `cache-keeper-${thread}`;

/** Spawns what the cached agents need, and returns the ledger. */
export async function openLedger(system: System, threads: number): Promise<ActorRef<typeof ledger.protocol>> {
  for (let thread = 1; thread <= threads; thread++) {
    await system.spawn(cacheKeeper, { name: keeperName(thread), placement: { thread } });
  }
  return system.spawn(ledger, { name: ledgerName, placement: { thread: 0 } });
}

/** The same agent, with the cache where it expects the store. */
function overCache<In, Out, Part>(agent: AgentDefinition<In, Out, Part>): AgentDefinition<In, Out, Part> {
  return {
    ...agent,
    module: import.meta.url,
    name: `cached-${agent.name}`,
    execute: (input, context) => agent.execute(input, cached(context)),
  };
}

/** A context that reads and commits files through the cache. */
function cached(context: AgentContext): AgentContext {
  const overrides: Readonly<Record<string, unknown>> = {
    async read(_definition: unknown, id: string): Promise<Applicant> {
      const known = cache.get(id);
      if (known !== undefined) return known;
      const file = await (await context.find(ledger, ledgerName)).ask("read", { applicantId: id });
      cache.set(id, file);
      return file;
    },
    async commit(_definition: unknown, id: string, recipe: (draft: object) => void): Promise<void> {
      const store = await context.find(ledger, ledgerName);
      const file = await store.ask("read", { applicantId: id });
      recipe(file);
      await store.ask("write", { applicantId: id, file });
      await invalidateLater(context, id);
    },
  };
  return new Proxy(context, {
    get(target, key) {
      if (typeof key === "string" && Object.hasOwn(overrides, key)) return overrides[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Sends the invalidations on their way, and does not wait for them: the mistake of the story. */
async function invalidateLater(context: AgentContext, id: string): Promise<void> {
  const threads = Number(process.env[threadsVariable] ?? "1");
  const keepers = await Promise.all(
    Array.from({ length: threads }, (_, index) => context.find(cacheKeeper, keeperName(index + 1))),
  );
  const send = async (): Promise<void> => {
    const delay = delayOf("invalidation", id);
    if (delay > 0) await context.sleep(delay);
    await Promise.all(keepers.map((keeper) => keeper.tell("invalidate", { applicantId: id })));
  };
  send().catch((error: unknown) => {
    if (!context.signal.aborted) throw error; // closed with invalidations still on their way
  });
}

/** The environment variable that tells agents how many threads have a cache. */
export const threadsVariable = "CREDIT_THREADS";

export const cachedCreditScore = overCache(creditScore);
export const cachedIncomeVerification = overCache(incomeVerification);
export const cachedFraudDetection = overCache(fraudDetection);
export const cachedRiskAssessment = overCache(riskAssessment);
export const cachedApproval = overCache(approval);

export const cachedCreditDecision = creditWorkflow(import.meta.url, "cached-credit-decision", {
  creditScore: cachedCreditScore,
  incomeVerification: cachedIncomeVerification,
  fraudDetection: cachedFraudDetection,
  riskAssessment: cachedRiskAssessment,
  approval: cachedApproval,
});
