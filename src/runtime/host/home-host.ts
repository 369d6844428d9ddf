/**
 * The host of the thread that made the system: owns the store's authority, and gathers what the other hosts report.
 */

import { channel } from "node:diagnostics_channel";
import { internalMessage } from "../messaging/internal-message.ts";
import { Subject } from "rxjs";
import { type Address, type HostId, hostOf } from "../../actors/address.ts";
import { defaultMailbox } from "../../actors/mailbox-options.ts";
import { mailState } from "../../actors/outbox-state.ts";
import { isOpen, type RunState, runState } from "../../workflows/history/run-state.ts";
import type { Recorded } from "../../traces/recorder.ts";
import { isTroupeError, type TroupeError } from "../../errors/troupe-error.ts";
import { AuthorityAccess } from "../../store/authority/authority-access.ts";
import type { CommitMeter } from "../../store/authority/commit-sequencer.ts";
import { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../../ports/link.ts";
import type { Random } from "../../ports/random.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Journal } from "../../store/journal/journal.ts";
import { takeInUse } from "../../store/journal/journal-use.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import { chain } from "../../async/maybe-promise.ts";
import type { RetentionRule } from "../../store/retention/retention.ts";
import type { Position, Snapshot } from "../../store/versions/snapshot.ts";
import { stateKey, type StateKey } from "../../store/versions/state-key.ts";
import type { Sender } from "../messaging/target.ts";
import type { DeadLetter, DeadLetterReason } from "../transport/envelope.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import { AgentCalls } from "../agents/agent-calls.ts";
import { GateClient } from "../agents/gate-client.ts";
import type { HostSettings } from "./host-settings.ts";
import type { SettledOf } from "../transport/supervision-protocol.ts";
import type { ReportSink, SystemReport } from "../transport/system-report.ts";
import type { HostServices } from "./spawn-cell.ts";
import { ThreadHost } from "./thread-host.ts";

/** What of the system's platform the home host stands on. */
export interface HomePorts {
  readonly system: object;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly load: DefinitionLoader;
  readonly observer?: ActorObserver | undefined;
}

export interface HomeHostOptions {
  readonly settings: HostSettings;
  readonly ports: HomePorts;
  readonly journal: Journal;
  readonly retention: readonly RetentionRule[];
  /** Takes what the hosts record of traces, and hears which versions were committed in one; absent where nothing is recorded. */
  readonly traces:
    | {
        take(recorded: Recorded, from: HostId): void;
        committed(trace: string, versions: readonly Snapshot[]): void;
      }
    | undefined;
  /** Hears what becomes of commits; absent where nothing is measured. */
  readonly meter: CommitMeter | undefined;
  /** Hears each report of any host first. */
  readonly onReport: ReportSink;
  /** Another process owns the journal, or may soon. */
  readonly onLost: (error: TroupeError) => void;
  /** Versions that retention doesn't keep could not be dropped. */
  readonly onRetentionFailure: (key: StateKey, error: unknown) => void;
}

/** For code of the process that listens without knowing the system. */
const deadLetters = channel("troupe.dead-letter");

const runKeys = stateKey(runState, "");
const mailKeys = stateKey(mailState, "");

/** The default rule for mail: by it durable actors recognise messages, so a rule for all keys doesn't drop it (invariant 5). */
const keepMail: RetentionRule = { keys: `${mailKeys}*`, keep: "all" };

function isForMail({ keys }: RetentionRule): boolean {
  return keys.startsWith(mailKeys);
}

export class HomeHost {
  readonly host: ThreadHost;
  readonly authority: StoreAuthority;
  readonly services: HostServices;
  readonly deadLetters$ = new Subject<DeadLetter>();
  readonly deadLetterCounts = new Map<DeadLetterReason, number>();
  /** Code outside any actor. */
  readonly outside: Sender;
  readonly #onReport: ReportSink;
  readonly #giveJournalBack: () => void;
  /** What waits for an actor to stop. */
  readonly #stopping = new Map<Address, (() => void)[]>();
  readonly #replicas = new Map<HostId, ReturnType<StoreAuthority["attach"]>>();

  /** @throws TroupeError `journal-in-use` when another system of this process has the journal. */
  constructor(options: HomeHostOptions) {
    const { settings, ports, journal, retention, onReport, onLost, onRetentionFailure } = options;
    const { system, clock, random, turns, load, observer } = ports;
    const { traces, meter } = options;
    this.#onReport = onReport;
    const authority: StoreAuthority = new StoreAuthority({
      journal,
      clock,
      meter,
      onTraced: traces && ((trace, versions) => traces.committed(trace, versions)),
      retention: {
        rules: [...retention.filter(isForMail), keepMail, ...retention],
        isOpen: (key) =>
          key.startsWith(runKeys) &&
          chain(authority.head(key), (head) => head !== undefined && isOpen((head as Snapshot<RunState>).state)),
        onFailure: onRetentionFailure,
      },
    });
    this.authority = authority;
    this.#giveJournalBack = takeInUse(journal);
    const { lost } = journal;
    const end = (): void => {
      onLost(lost?.reason as TroupeError);
      turns.schedule(() => authority.abandon()); // in this turn, the journal may still say what became of commits
    };
    lost?.addEventListener("abort", end, { once: true });
    this.host = new ThreadHost({
      settings,
      system,
      clock,
      random,
      turns,
      observer,
      position: () => authority.position,
      report: (report, from) => this.#take(report, from),
      gather: traces === undefined ? ignore : (recorded, from) => traces.take(recorded, from),
      store: {
        fromReplica: (peer, message) => this.#replicas.get(peer)?.receive(message),
        fromAuthority: () => undefined, // this host reads the authority itself
        reached: () => undefined,
      },
    });
    this.services = {
      host: this.host,
      store: new AuthorityAccess(authority),
      load,
      gates: new GateClient(this.host),
      calls: new AgentCalls(this.host, load),
    };
    this.outside = this.sender(undefined);
  }

  /** A sender on this thread, which has seen whatever the store has. */
  sender(address: Address | undefined): Sender {
    return new HomeSender(address, this.authority);
  }

  attach(id: HostId, link: Link): void {
    this.host.attach(id, link);
    const replica = this.authority.attach(id, (message) => this.host.transmit(id, { kind: "to-replica", message }));
    this.#replicas.set(id, replica);
  }

  detach(id: HostId, error: unknown): void {
    this.#replicas.get(id)?.detach();
    this.#replicas.delete(id);
    this.host.detach(id, error);
    for (const actor of this.#stopping.keys()) if (hostOf(actor) === id) this.#stopped(actor);
  }

  /**
   * Stops an actor on its host, after all that was sent to it from here before. Resolves when it has stopped, is gone already,
   * or died with its thread.
   */
  stop(host: HostId, actor: Address, mode: StopMode): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#stopping.get(actor);
      if (waiting === undefined) this.#stopping.set(actor, [resolve]);
      else waiting.push(resolve);
      this.host.transmit(host, { kind: "stop", actor, mode });
    });
  }

  /** Sends an actor a message from the system. An actor that can't be reached any more need not hear it. */
  notify(actor: Address, type: string, payload: unknown): void {
    const target = { address: actor, ...defaultMailbox, check: internalMessage } as const;
    this.host.messenger.tell(this.outside, target, type, payload, true).catch((error: unknown) => {
      if (!isTroupeError(error)) throw error;
    });
  }

  async close(settledOf: SettledOf): Promise<void> {
    this.host.close(settledOf);
    for (const actor of this.#stopping.keys()) this.#stopped(actor);
    try {
      await this.authority.close();
    } finally {
      this.#giveJournalBack();
    }
    this.deadLetters$.complete();
  }

  /** Where the reports of all hosts arrive. */
  #take(report: SystemReport, from: HostId): void {
    this.#onReport(report, from);
    if (report.type === "dead-letter") this.#keepDeadLetter(report.letter);
    else if (report.type === "stopped") this.#stopped(report.actor);
  }

  #stopped(actor: Address): void {
    const waiting = this.#stopping.get(actor) ?? [];
    this.#stopping.delete(actor);
    for (const resolve of waiting) resolve();
  }

  #keepDeadLetter(letter: DeadLetter): void {
    this.deadLetterCounts.set(letter.reason, (this.deadLetterCounts.get(letter.reason) ?? 0) + 1);
    if (deadLetters.hasSubscribers) deadLetters.publish(letter);
    this.deadLetters$.next(letter);
  }
}

/** A class, since each literal with a getter has a hidden class of its own (decision 021). */
class HomeSender implements Sender {
  readonly address: Address | undefined;
  readonly cause = 0;
  readonly #authority: StoreAuthority;

  constructor(address: Address | undefined, authority: StoreAuthority) {
    this.address = address;
    this.#authority = authority;
  }

  get token(): Position {
    return this.#authority.position;
  }

  observe(): void {
    // what its thread has is the newest there is
  }
}

/** Where nothing is recorded, nothing comes. */
function ignore(): void {}
