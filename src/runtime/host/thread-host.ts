/**
 * What runs on every thread, and once more on the thread that made the system: its actors, the links to all other hosts, and what
 * becomes of each frame that arrives. What is sent is {@link Messenger}'s. It touches the world only through ports, so the simulator
 * runs it as it is.
 */

import {
  type Address,
  homeHost,
  type HostId,
  hostOf,
  isSupervised,
  makeAddress,
  makeSupervisedAddress,
} from "../../actors/address.ts";
import type { AskError } from "../../errors/ask-error.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { timeOfDay } from "../../async/time-of-day.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Link } from "../../ports/link.ts";
import type { Random } from "../../ports/random.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { AuthorityMessage, ReplicaMessage } from "../../store/replication/store-protocol.ts";
import { AgentMeter } from "../../metrics/agent-meter.ts";
import { type Recorded, Recorder } from "../../traces/recorder.ts";
import { ValueCopier } from "../../values/value-copier.ts";
import { ActorCell, type CellOptions } from "../cell/actor-cell.ts";
import { OpenAsks } from "../cell/open-asks.ts";
import { reviveRefs } from "../messaging/actor-ref.ts";
import type { Sender } from "../messaging/target.ts";
import { Routes } from "../transport/routes.ts";
import type { DeadLetterReason, Envelope } from "../transport/envelope.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { Answer, Frame } from "../transport/frame.ts";
import { EventStreams } from "../messaging/event-streams.ts";
import { noLongerWanted, notHandled, threadLost } from "../messaging/ask-errors.ts";
import type { HostSettings } from "./host-settings.ts";
import type { SettledOf } from "../transport/supervision-protocol.ts";
import type { ReportSink, SystemReport } from "../transport/system-report.ts";
import { Messenger } from "../messaging/messenger.ts";

export interface ThreadHostOptions {
  readonly settings: HostSettings;
  /** Stands for the system that the host is of: by it, refs of another system are told apart. */
  readonly system: object;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  /** Called for each message that is handled. */
  readonly beat?: () => void;
  readonly observer?: ActorObserver | undefined;
  /** Takes what this host and others report. */
  readonly report: ReportSink;
  /** The store's position that batches from here carry; 0 where the store is elsewhere. */
  readonly position: () => Position;
  /** Takes what this host records, on the home host; others send it there. */
  readonly gather?: (recorded: Recorded, from: HostId) => void;
  /** Takes what concerns the store: a replica on a thread, the authority on the home host. */
  readonly store: StoreEndpoint;
}

/** The store's end on a host. */
export interface StoreEndpoint {
  fromReplica(peer: HostId, message: ReplicaMessage): void;
  fromAuthority(message: AuthorityMessage): void;
  /** Everything the authority had sent up to `position` has arrived. */
  reached(position: Position): void;
}

/** What an actor's host needs to start it. */
export interface SpawnCell extends Omit<CellOptions, "host" | "address"> {
  readonly name: string;
}

export class ThreadHost {
  readonly id: HostId;
  readonly settings: HostSettings;
  readonly system: object;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly beat: () => void;
  readonly observer: ActorObserver | undefined;
  readonly copier: ValueCopier;
  readonly streams: EventStreams;
  readonly messenger: Messenger;
  readonly recorder: Recorder | undefined;
  /** Rings when what was recorded is sent by itself. */
  #sending: Timer | undefined;
  /** Absent where nothing is measured. */
  readonly meter: AgentMeter | undefined;
  /** How many messages were handled; counted where something is measured. */
  handled = 0;
  readonly openAsks = new OpenAsks();
  readonly #sink: ReportSink;
  readonly #store: StoreEndpoint;
  readonly #cells = new Map<Address, ActorCell>();
  readonly #routes: Routes;
  readonly #gather: ThreadHostOptions["gather"];
  #isClosed = false;

  constructor({ settings, system, clock, random, turns, beat = ignore, observer, ...options }: ThreadHostOptions) {
    const { report, position, store, gather } = options;
    this.id = settings.id;
    this.settings = settings;
    this.system = system;
    this.clock = clock;
    this.random = random;
    this.turns = turns;
    this.observer = observer;
    this.meter = settings.isMeasured === true ? new AgentMeter() : undefined;
    this.beat = this.meter === undefined ? beat : () => (this.handled++, beat());
    this.#sink = report;
    this.#store = store;
    this.#gather = gather;
    this.recorder = this.#newRecorder();
    this.#routes = new Routes({
      self: this.id,
      turns,
      position,
      along: this.recorder && (() => this.#recordedFrame()),
      receive: (frame, from) => this.#receive(frame, from),
      reached: (upTo) => store.reached(upTo),
      onUnreadable: (peer, batch, error) => this.#unreadable(peer, batch, error),
    });
    this.copier = new ValueCopier(settings.maxMessageBytes, system);
    this.streams = new EventStreams(this, (actor) => this.messenger.locate(actor));
    this.messenger = new Messenger(this, this.streams);
  }

  // ---- links

  attach(peer: HostId, link: Link): void {
    this.#routes.attach(peer, link);
  }

  #unreadable(peer: HostId, batch: unknown, error: unknown): void {
    if (peer === homeHost) throw error; // it is this thread that ends: without that host it is of no use
    this.report({ type: "unreadable", peer, batch, error: encodeError(error) });
  }

  /** A host is gone: asks of its actors end at once (invariant 6). */
  detach(peer: HostId, error: unknown): void {
    // a thread that was closed settled all messages to it; a thread that died may have handled some, and it is unknown which
    const reason = isTroupeError(error, "actor-stopped") ? "actor-stopped" : "thread-died";
    this.#routes.detach(peer, error);
    this.messenger.hostLost(peer, reason, error);
    this.streams.hostLost(peer);
    for (const delivery of this.openAsks.takeFrom(peer)) delivery.cancel(noLongerWanted(delivery.envelope, reason));
    for (const cell of this.#cells.values()) cell.hostLost(peer, reason);
  }

  transmit(peer: HostId, frame: Frame): void {
    this.#routes.transmit(peer, frame);
  }

  pathTo(peer: HostId): (envelope: Envelope) => void {
    return this.#routes.pathTo(peer);
  }

  reaches(peer: HostId): boolean {
    return this.#routes.reaches(peer);
  }

  flushTo(peer: HostId): void {
    this.#routes.flushTo(peer);
  }

  flush(): void {
    this.#routes.flush();
  }

  // ---- actors

  spawn({ name, ...options }: SpawnCell): ActorCell {
    const address = options.supervised === undefined ? makeAddress(this.id, name) : makeSupervisedAddress(name);
    const cell = new ActorCell({ host: this, address, ...options });
    this.#cells.set(address, cell);
    return cell;
  }

  async stop(address: Address, mode: StopMode): Promise<void> {
    await this.#cells.get(address)?.stop(mode);
  }

  #stop(address: Address, mode: StopMode): void {
    const cell = this.#cells.get(address);
    if (cell === undefined) this.report({ type: "stopped", actor: address, hasFailed: false });
    else void cell.stop(mode);
  }

  remove(address: Address, hasFailed: boolean): void {
    this.#cells.delete(address);
    this.messenger.stopped(address);
    this.report({ type: "stopped", actor: address, hasFailed });
  }

  /** An actor is left behind: it has no place here any more. */
  forget(address: Address): void {
    this.#cells.delete(address);
    this.messenger.stopAsking(address);
  }

  get cells(): ReadonlyMap<Address, ActorCell> {
    return this.#cells;
  }

  /**
   * Stops all actors of this host; what was not handled becomes dead letters. Asks end at once, so that no
   * handler waits for an answer. An actor that has not stopped when `limit` resolves is left behind.
   */
  async stopActors(limit?: Promise<void>, cause?: unknown): Promise<void> {
    this.messenger.endAsks(cause);
    const stopped = Promise.all([...this.#cells.values()].map((cell) => cell.stop("discard")));
    await (limit === undefined ? stopped : Promise.race([stopped, limit]));
  }

  /** Ends what is left on this host once its actors have stopped. */
  close(settledOf?: SettledOf): void {
    this.#isClosed = true;
    this.#routes.drain(); // it isn't handled any more: so it becomes dead letters
    this.messenger.close(settledOf);
    this.streams.close();
    this.#sending?.cancel();
    this.recorder?.close();
    if (this.#gather !== undefined || this.settings.telemetry?.sendWithin !== Number.POSITIVE_INFINITY)
      this.sendRecorded();
    this.flush();
  }

  // ---- traces

  #newRecorder(): Recorder | undefined {
    const { clock } = this;
    const { telemetry } = this.settings;
    if (telemetry === undefined) return undefined;
    const { sendWithin, seed, ...settings } = telemetry;
    return new Recorder({
      ...settings,
      seed: `${seed} ${this.id}`,
      now: () => timeOfDay(clock),
      onRecord: () => {
        // one timer at a time: batches take along what was recorded, many times while one runs
        if (sendWithin < Number.POSITIVE_INFINITY)
          this.#sending ??= clock.setTimer(sendWithin, () => {
            this.#sending = undefined;
            this.sendRecorded();
          });
      },
    });
  }

  /** Sends what was recorded and no batch has taken along. */
  sendRecorded(): void {
    if (this.#gather !== undefined) {
      const recorded = this.recorder?.take();
      if (recorded !== undefined) this.#gather(recorded, this.id);
      return;
    }
    const frame = this.#recordedFrame();
    if (frame !== undefined) this.transmit(homeHost, frame);
  }

  #recordedFrame(): Frame | undefined {
    const recorded = this.recorder?.take();
    return recorded && { kind: "spans", ...recorded };
  }

  // ---- messages

  /** Why nothing can reach an actor any more; `undefined` while its host is there. */
  unreachable(to: Address, type: string): AskError | undefined {
    if (this.#isClosed) return notHandled({ to, type }, "system-closed");
    const host = hostOf(to);
    const error = host === undefined ? undefined : this.#routes.lossOf(host);
    return error === undefined ? undefined : threadLost({ to, type }, error);
  }

  answer(envelope: Envelope, answer: Answer): void {
    const token = this.#cells.get(envelope.to)?.token ?? 0;
    this.transmit(envelope.origin, { kind: "reply", id: envelope.id, answer, token });
  }

  /** Answers an ask that is not handled, or whose handling came to nothing. */
  refuse(envelope: Envelope, error: AskError): void {
    this.answer(envelope, { ok: false, error: encodeError(error) });
  }

  /** Makes a dead letter of a message. */
  deadLetter(envelope: Envelope, reason: DeadLetterReason, detail?: string): void {
    const { to, from, type, payload, isJson, isAsk, isTold } = envelope;
    const letter = { reason, to, from, type, payload, ...(detail === undefined ? {} : { detail }) };
    this.report({ type: "dead-letter", letter, isJson, hasAsker: isAsk && !isTold });
  }

  /** Tells the home host. */
  report(report: SystemReport): void {
    this.#sink(report, this.id);
  }

  /** Tells the home host what an actor failed with at a message of that type; `isExpected` as in the report. */
  reportFailure(actor: Address, message: string, thrown: unknown, isExpected = false): void {
    this.report({ type: "failure", actor, message, error: encodeError(thrown), isExpected });
  }

  #receive(frame: Frame, peer: HostId): void {
    switch (frame.kind) {
      case "message":
        return this.#deliver(frame);
      case "reply":
        return this.messenger.reply(frame);
      case "parts":
        return this.messenger.parts(frame, peer);
      case "parts-passed":
        return this.openAsks.find(peer, frame.id)?.passed();
      case "cancel":
        return this.#cancel(peer, frame);
      case "credit":
        return this.messenger.credit(frame.to, frame.count, frame.gone);
      case "subscribe": {
        const cell = this.#cells.get(frame.to);
        if (cell !== undefined) return cell.subscribers.add(peer, frame.subscription);
        const error = encodeError(notHandled({ to: frame.to, type: "subscribe" }, "no-such-actor"));
        return this.transmit(peer, {
          kind: "stream-end",
          subscription: frame.subscription,
          end: { kind: "failed", error },
        });
      }
      case "unsubscribe":
        return this.#cells.get(frame.to)?.subscribers.remove(peer, frame.subscription);
      case "event":
        return this.streams.event(frame);
      case "event-credit":
        return this.#cells.get(frame.to)?.subscribers.credit(peer, frame.subscription, frame.count);
      case "stream-end":
        return this.streams.end(frame.subscription, frame.end);
      case "report":
        return this.#sink(frame.report, peer);
      case "spans":
        return this.#gather?.(frame, peer);
      case "stop":
        return this.#stop(frame.actor, frame.mode);
      case "to-authority":
        return this.#store.fromReplica(peer, frame.message);
      case "to-replica":
        return this.#store.fromAuthority(frame.message);
      case "child-command":
        return this.#cells.get(frame.actor)?.incarnation?.command(frame.command);
      case "settled":
        return this.messenger.supervised.settled(frame);
      case "located":
        return this.messenger.supervised.located(frame);
      case "departed":
        return this.messenger.supervised.departed(frame);
    }
  }

  /** Takes a message to an actor of this host. */
  #deliver(envelope: Envelope): void {
    const cell = this.#cells.get(envelope.to);
    if (cell !== undefined) {
      cell.deliver(envelope);
      return;
    }
    if (isSupervised(envelope.to)) return; // it is elsewhere, or gone: its sender's host keeps the message until it is told
    this.deadLetter(envelope, "no-such-actor");
    if (envelope.isAsk) this.refuse(envelope, notHandled(envelope, "no-such-actor"));
    this.transmit(envelope.origin, { kind: "credit", to: envelope.to, count: 1, gone: true });
  }

  #cancel(peer: HostId, { to, id, code }: Extract<Frame, { kind: "cancel" }>): void {
    const delivery = this.openAsks.find(peer, id);
    delivery?.cancel(noLongerWanted(delivery.envelope, code));
    this.#cells.get(to)?.withdraw(peer, id, code);
  }

  /** Turns the plain forms of refs in a payload back into refs bound to `sender`. */
  revive(value: unknown, sender: Sender): unknown {
    return reviveRefs(value, (target) => ({ host: this, sender, target }));
  }
}

/** The thread that made the system has no heartbeat. */
function ignore(): void {}
