/**
 * The gates of all agents of a system, on its home host: so an agent has one breaker, one bulkhead and one set of limits,
 * whichever thread calls it. Their changes of status are versions of the keys `breaker/<agent's name>`.
 */

import { type Address, type HostId, hostOf } from "../../actors/address.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { breakerFrom, type BreakerRecord, breakerState, recordOf } from "../../agents/policies/breaker-record.ts";
import { sliceAt } from "../../agents/policies/breaker.ts";
import { type GatePolicies, isOnlyBreaker } from "../../agents/policies/gate.ts";
import type { GateView } from "../../agents/policies/gate-view.ts";
import type { Call } from "../../agents/policies/waiting-calls.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import { estimateTokens } from "../../agents/policies/token-estimate.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { fromTimeOfDay, toTimeOfDay } from "../../async/time-of-day.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { StoreAccess } from "../../store/versions/store-access.ts";
import { StoreClient } from "../../store/client/store-client.ts";
import { AgentGate } from "./agent-gate.ts";
import { type GateLease, Lessor } from "./gate-lease.ts";
import { type AdmitRequest, gatesTarget, type LeaseSettle } from "./gate-protocol.ts";

export interface GatesOptions {
  readonly store: StoreAccess;
  readonly clock: Clock;
  readonly random: Random;
  /** Hears of every change of a breaker's status. */
  readonly onChange: (agent: string, breaker: BreakerRecord) => void;
  /** The tenant that a run is for, while it is in flight. */
  readonly tenantOf: (run: string) => string | undefined;
  /** A breaker's state could not be read or recorded. The breaker works on. */
  readonly onError: (error: unknown) => void;
}

/** How a call asks to be let ahead. */
export interface AdmitOptions {
  /** For which tenant it is. Default: for none. */
  readonly tenant?: string | undefined;
  /** The agent's input, from which the tokens are estimated. */
  readonly input?: unknown;
  /** Ends the wait for the permit as `cancelled` when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

interface KnownAgent {
  readonly agent: AgentDefinition;
  readonly policies: GatePolicies;
  readonly leases: Lessor;
  /** A promise while the breaker's last state is read. */
  gate: MaybePromise<AgentGate>;
}

export class Gates {
  readonly #options: GatesOptions;
  readonly #client: StoreClient;
  readonly #known = new Map<string, KnownAgent>();
  /** Settles when all changes so far are recorded; they are recorded in their order. */
  #recorded: Promise<void> = Promise.resolve();
  #closed: TroupeError | undefined;

  constructor(options: GatesOptions) {
    this.#options = options;
    this.#client = new StoreClient(options.store, { author: gatesTarget.address, remembersReads: false });
  }

  /**
   * Makes an agent known ahead of its first call.
   *
   * @throws TroupeError `invalid-options` when another definition of the same name has other policies: there is one gate for
   * a name.
   */
  know(agent: AgentDefinition): void {
    this.#knownAs(agent);
  }

  /**
   * Lets one call of an agent ahead: at once where it can, without a promise. Each attempt is a call of its own. The permit
   * has to be settled, or released if the call never began.
   *
   * @throws AskError `rejected`, also as a rejection: `breaker-open`, `rate-limited`, `bulkhead-full`, `invalid-options`;
   * `cancelled` when the signal aborts first.
   * @throws TroupeError `invalid-options` as {@link Gates.know}, `system-closed`.
   * @example
   * const permit = await gates.admit(creditScore, "run/4711", { input });
   * permit.settle("ok", { tokens: 1_200 });
   */
  admit(agent: AgentDefinition, caller: string, { input, signal, tenant }: AdmitOptions = {}): MaybePromise<Permit> {
    return this.#admit(this.#knownAs(agent), { caller, tenant, tokens: estimateTokens(agent, input) }, signal);
  }

  /** As {@link Gates.admit}, for a call on any thread, of an agent that was made known before. */
  admitRemote({ agent, caller, tokens, of }: AdmitRequest, signal: AbortSignal): MaybePromise<Permit> {
    const known = this.#known.get(agent);
    if (known === undefined) throw new TroupeError("definition-not-found", `no agent ${agent} was ever started here`);
    const tenant = of?.tenant ?? (of?.run === undefined ? undefined : this.#options.tenantOf(of.run));
    return this.#admit(known, { caller, tenant, tokens }, signal);
  }

  /**
   * The lease of an actor of the agent, by which its calls go ahead without asking while the breaker is closed; `undefined` where other
   * policies have a say.
   */
  lease(agent: AgentDefinition, actor: Address): GateLease | undefined {
    const { policies, leases } = this.#knownAs(agent);
    return isOnlyBreaker(policies) ? leases.lease(actor) : undefined;
  }

  /** A call by an actor's lease has ended; without an outcome if it never began. */
  settleLent(actor: Address, { agent, generation, caller, outcome, ...report }: LeaseSettle): void {
    const known = this.#known.get(agent);
    if (known === undefined || known.gate instanceof Promise) return;
    known.leases.ended(actor);
    if (outcome === undefined) return;
    known.gate.settleLent(generation, caller, outcome, report);
    known.leases.counted(actor);
  }

  /** How the gate of each agent stands; one whose last state is being read is left out. */
  get standing(): readonly ({ readonly agent: string } & AgentGate["standing"])[] {
    return [...this.#known].flatMap(([agent, { gate }]) =>
      gate instanceof Promise ? [] : { agent, ...gate.standing },
    );
  }

  /** The same with their limits, for a reader; times of day in milliseconds. */
  get views(): readonly (GateView & { readonly agent: string })[] {
    const { clock } = this.#options;
    return [...this.#known].flatMap(([agent, { gate }]) => {
      if (gate instanceof Promise) return [];
      const { heldUntil, ...view } = gate.view;
      return { agent, ...view, ...(heldUntil === undefined ? {} : { heldUntil: toTimeOfDay(clock, heldUntil) }) };
    });
  }

  /** The breaker has counted a failure of an actor's call that had asked. */
  counted(agent: string, actor: Address): void {
    this.#known.get(agent)?.leases.counted(actor);
  }

  /** An actor is gone. */
  stopped(actor: Address): void {
    for (const { leases } of this.#known.values()) leases.end(actor);
  }

  /** A thread has died at that time, with all the calls of its actors. */
  threadLost(thread: HostId, at: number): void {
    for (const { leases, gate } of this.#known.values()) {
      for (const actor of leases.actors) {
        if (hostOf(actor as Address) !== thread) continue;
        const lost = leases.end(actor); // none while the gate is not there
        // one for all: a death counts once
        if (lost > 0 && !(gate instanceof Promise))
          gate.settleLent(gate.closedSince ?? 0, actor, "lost", diedWithIt, at);
      }
    }
  }

  /** Refuses the calls that wait. Resolves when every change that came before is recorded. */
  async close(): Promise<void> {
    this.#closed = new TroupeError("system-closed", "the system was closed before the agent's gate let the call ahead");
    for (const { gate } of this.#known.values()) if (!(gate instanceof Promise)) gate.close(this.#closed);
    await this.#recorded;
  }

  #admit({ gate }: KnownAgent, call: Omit<Call, "id">, signal: AbortSignal | undefined): MaybePromise<Permit> {
    return chain(gate, (ready) => {
      if (this.#closed !== undefined) throw this.#closed;
      return ready.admit(call, signal);
    });
  }

  #knownAs(agent: AgentDefinition): KnownAgent {
    const found = this.#known.get(agent.name);
    if (found === undefined) return this.#start(agent);
    if (found.agent !== agent) checkSamePolicies(found, agent);
    return found;
  }

  #start(agent: AgentDefinition): KnownAgent {
    const { breaker, bulkhead, rateLimits } = agent.policies;
    const policies = { agent: agent.name, breaker, bulkhead, rateLimits };
    const gate = chain(this.#lastOf(agent.name), (last) => this.#gateOf(policies, last));
    const known: KnownAgent = { agent, policies, leases: new Lessor(), gate };
    this.#known.set(agent.name, known);
    if (gate instanceof Promise) {
      void gate.then((ready) => {
        known.gate = ready;
        known.leases.lend(ready.closedSince);
      });
    } else known.leases.lend(gate.closedSince);
    return known;
  }

  #gateOf(policies: GatePolicies, last: BreakerRecord | undefined): AgentGate {
    const { clock, random } = this.#options;
    return new AgentGate({
      policies,
      breaker: last && breakerFrom(last, (time) => fromTimeOfDay(clock, time)),
      clock,
      random,
      uncounted: () => {
        const leases = policies.breaker === false ? undefined : this.#known.get(policies.agent)?.leases;
        return policies.breaker === false ? [] : (leases?.successes(sliceAt(policies.breaker, clock.now())) ?? []);
      },
      onBreakerChanged: (breaker) => {
        const leases = this.#known.get(policies.agent)?.leases;
        leases?.successes(0); // what began in an earlier generation says nothing about this one
        leases?.lend(breaker.status === "closed" ? breaker.generation : undefined);
        const record = recordOf(breaker, (at = clock.now()) => toTimeOfDay(clock, at));
        this.#record(policies.agent, record);
        this.#options.onChange(policies.agent, record);
      },
    });
  }

  /** The breaker's last record. `undefined`, as for a closed breaker, if there is none or it can't be read. */
  #lastOf(name: string): MaybePromise<BreakerRecord | undefined> {
    const failed = (error: unknown): undefined => this.#failed(error);
    try {
      const last = this.#client.snapshotNow(breakerState, name);
      return last instanceof Promise ? last.then((snapshot) => snapshot?.state, failed) : last?.state;
    } catch (error) {
      return failed(error);
    }
  }

  /** Not awaited: a call must not be slower because a breaker changes. */
  #record(name: string, record: BreakerRecord): void {
    this.#recorded = this.#recorded
      .then(() => this.#client.putNow(breakerState, name, record))
      .then(
        () => undefined,
        (error: unknown) => this.#failed(error),
      );
  }

  /** That the system closes is no failure, nor that it loses its journal. */
  #failed(error: unknown): undefined {
    if (!endings.some((code) => isTroupeError(error, code))) this.#options.onError(error);
  }
}

const endings = ["system-closed", "ownership-lost", "outcome-unknown"] as const;

/** What is reported of a call that its thread took along. */
const diedWithIt = Object.freeze({ error: "its thread died" });

function checkSamePolicies({ agent: known, policies }: KnownAgent, agent: AgentDefinition): void {
  const { breaker, bulkhead, rateLimits } = agent.policies;
  if (JSON.stringify(policies) === JSON.stringify({ agent: agent.name, breaker, bulkhead, rateLimits })) return;
  throw new TroupeError(
    "invalid-options",
    `the agent ${agent.name} is defined in ${known.module} and, with other policies, in ${agent.module}. ` +
      "An agent's breaker, bulkhead and rate limits are one for all of its name: give both the same, or other names.",
    { details: { agent: agent.name, modules: [known.module, agent.module] } },
  );
}
