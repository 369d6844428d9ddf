/**
 * What runs on every thread, and once more on the thread that made the system: actors, the links to all other hosts,
 * and the paths of messages, answers, events and dead letters between them. It touches the world only through ports,
 * so the simulator runs it as it is.
 */

import type { AskOptions } from "../actors/actor-ref.ts";
import {
  type Address,
  type HostId,
  hostOf,
  isSupervised,
  makeAddress,
  makeSupervisedAddress,
} from "../actors/address.ts";
import type { AskError } from "../errors/ask-error.ts";
import { decodeError, type EncodedError, encodeError } from "../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Link } from "../ports/link.ts";
import type { Random } from "../ports/random.ts";
import type { Turns } from "../ports/turns.ts";
import type { Position } from "../store/snapshot.ts";
import type { AuthorityMessage, ReplicaMessage } from "../store/store-protocol.ts";
import { ValueCopier } from "../values/value-copier.ts";
import { type ActorBody, ActorCell } from "./actor-cell.ts";
import { AsksInHand } from "./asks-in-hand.ts";
import { reviveRefs, type Sender, type Target } from "./bound-ref.ts";
import { BatchedLink } from "./batched-link.ts";
import {
  type Answer,
  type DeadLetter,
  type DeadLetterReason,
  type Envelope,
  type Frame,
  type StopMode,
  never,
} from "./envelope.ts";
import { EventStreams } from "./event-streams.ts";
import { messageName } from "./message-check.ts";
import { replaced } from "./fenced-store.ts";
import { givenUp, unwanted, withdrawal } from "./giving-up.ts";
import { nothingSettled, type SettledOf } from "./ledger.ts";
import { type PendingAsk, PendingAsks } from "./pending-asks.ts";
import { RingQueue } from "./ring-queue.ts";
import { SendWindow } from "./send-window.ts";
import { SupervisedRoutes } from "./supervised-routes.ts";
import type { ChildReport, SupervisedOrder, SupervisionFrame } from "./supervision-protocol.ts";
import { begunBefore, buried, departed, lost, notSent } from "./unhandled.ts";

/** What a host is told when it starts; plain data. */
export interface HostSettings {
  readonly id: HostId;
  /** How many messages an actor handles before the other actors of its thread get their turn. */
  readonly messagesPerTurn: number;
  readonly maxMessageBytes: number;
  /** Milliseconds. */
  readonly askTimeout: number;
}

/** Where a host reports what nobody on it handles. */
export interface HostReports {
  deadLetter(letter: DeadLetter, isJson: boolean): void;
  failure(actor: Address, type: string, error: EncodedError): void;
  stopped(actor: Address, hasFailed: boolean): void;
  /** What becomes of a supervised actor. */
  child(actor: Address, report: ChildReport): void;
  /** A host asks where a supervised actor is. */
  locate(actor: Address, peer: HostId): void;
}

export interface ThreadHostOptions {
  readonly settings: HostSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  /** Called for each message that is handled. */
  readonly beat?: () => void;
  readonly reports: HostReports;
  /** The store's position that batches from here carry; 0 where the store is elsewhere. */
  readonly position: () => Position;
  /** Takes what concerns the store: a replica on a thread, the authority on the main one. */
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
export interface SpawnCell {
  readonly name: string;
  readonly capacity: number;
  readonly overflow: Target["overflow"];
  readonly concurrency: number;
  readonly body: (cell: ActorCell) => ActorBody;
  /** For an actor with a supervisor. */
  readonly supervised?: SupervisedOrder | undefined;
}

/** A successful answer and the causal token that came with it. */
export interface Reply {
  readonly answer: Extract<Answer, { ok: true }>;
  readonly token: Position;
}

/** How to ask: {@link AskOptions}, whether the same may have been sent before, and whether all it wants is to be handled. */
export interface HostAskOptions extends AskOptions {
  readonly isRepeat?: boolean;
  readonly isTold?: boolean;
}

/** What an ask's envelope says besides what every message's does. */
type SealedAsk = Pick<Envelope, "deadline" | "idempotencyKey" | "isRepeat" | "isTold">;

const sent = Promise.resolve();

export class ThreadHost {
  readonly id: HostId;
  readonly settings: HostSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly beat: () => void;
  readonly copier: ValueCopier;
  readonly streams: EventStreams;
  readonly inHand = new AsksInHand();
  readonly #reports: HostReports;
  readonly #position: () => Position;
  readonly #store: StoreEndpoint;
  readonly #cells = new Map<Address, ActorCell>();
  readonly #links = new Map<HostId, BatchedLink>();
  readonly #lost = new Map<HostId, unknown>();
  readonly #windows = new Map<Address, SendWindow>();
  readonly #asks: PendingAsks;
  /** Where supervised actors are. */
  readonly #supervised: SupervisedRoutes;
  readonly #toSelf = new RingQueue<Frame>();
  #lastId = 0;
  #isClosing = false;
  #isClosed = false;

  constructor({ settings, clock, random, turns, beat = ignore, reports, position, store }: ThreadHostOptions) {
    this.id = settings.id;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.turns = turns;
    this.beat = beat;
    this.#reports = reports;
    this.#position = position;
    this.#store = store;
    this.copier = new ValueCopier(settings.maxMessageBytes);
    this.#asks = new PendingAsks({
      clock,
      cancel: (to, id, code) => {
        const host = this.locate(to);
        if (host !== undefined) this.transmit(host, { kind: "cancel", to, id, code });
      },
    });
    this.streams = new EventStreams(this);
    this.#supervised = new SupervisedRoutes({
      self: this.id,
      reaches: (peer) => peer === this.id || this.#links.has(peer),
      send: (peer, envelope) => (peer === this.id ? this.#deliver(envelope) : this.#links.get(peer)?.send(envelope)),
      ask: (actor) => this.transmit(0, { kind: "locate", actor }),
      taken: (actor, upTo) => this.#windows.get(actor)?.creditUpTo(upTo),
      isAwaited: (ask) => this.#asks.has(ask),
      withdrawn: (ask) => this.bury(ask, withdrawal(clock.now() >= ask.deadline ? "timed-out" : "cancelled")),
      unanswered: (ask) => this.#asks.reject(ask.id, buried(ask, "thread-died")),
      moved: (actor) => this.streams.moved(actor),
      departed: (actor, left, reason, begun) => {
        const { letter, toError } = departed(reason);
        this.#windows.get(actor)?.close(toError({ to: actor, type: "a message" }));
        this.#windows.delete(actor);
        for (const envelope of left) {
          const error = toError(envelope);
          this.#undelivered(envelope, letter, envelope.id === begun ? begunBefore(error) : error);
        }
        this.streams.departed(actor, reason);
      },
    });
  }

  // ---- links

  attach(peer: HostId, link: Link): void {
    const { turns } = this;
    const onBatch = (frames: Frame[], position: Position): void => {
      for (const frame of frames) this.#receive(frame, peer);
      if (position > 0) this.#store.reached(position); // only now: updates up to there are in this batch or before it
    };
    this.#links.set(peer, new BatchedLink({ peer, link, turns, position: this.#position, onBatch }));
  }

  /** A host is gone: whoever waits for one of its actors is told at once (invariant 6). */
  detach(peer: HostId, error: unknown): void {
    // what was sent to a thread that was closed was settled there; of one that died, nobody can say
    const reason = isTroupeError(error, "actor-stopped") ? "actor-stopped" : "thread-died";
    this.#links.get(peer)?.close();
    this.#links.delete(peer);
    this.#lost.set(peer, error);
    this.#supervised.hostLost(peer);
    for (const [to, window] of this.#windows) if (hostOf(to) === peer) this.#closeWindow(to, window, reason, error);
    this.#asks.rejectAll(peer, (ask) => (ask.isSent ? buried(ask, reason, error) : lost(ask, error)));
    this.streams.hostLost(peer, error);
    for (const delivery of this.inHand.takeFrom(peer)) delivery.cancel(unwanted(delivery.envelope, reason));
    for (const cell of this.#cells.values()) cell.hostLost(peer, reason);
  }

  /**
   * Sends a frame to another host; or handles it here if it is for this one: at once what concerns an actor, in order with
   * messages, and in a later turn what comes back from it.
   */
  transmit(peer: HostId, frame: Frame): void {
    if (peer !== this.id) {
      this.#links.get(peer)?.send(frame); // a host that is gone has nobody left to tell; detach told the waiting
      return;
    }
    if (frame.kind === "subscribe" || frame.kind === "unsubscribe" || frame.kind === "stop") {
      this.#receive(frame, this.id);
      return;
    }
    this.#toSelf.push(frame);
    if (this.#toSelf.length === 1) this.turns.schedule(this.#receiveOwn);
  }

  readonly #receiveOwn = (): void => {
    for (let n = this.#toSelf.length; n > 0; n--) {
      const frame = this.#toSelf.shift();
      if (frame !== undefined) this.#receive(frame, this.id);
    }
    if (this.#toSelf.length > 0) this.turns.schedule(this.#receiveOwn);
  };

  /** Sends what waits for a host now. */
  flushTo(peer: HostId): void {
    this.#links.get(peer)?.flush();
  }

  flush(): void {
    for (const link of this.#links.values()) link.flush();
  }

  /** The host of an actor; `undefined` while a supervised one is nowhere, or where isn't known here yet. */
  locate(actor: Address): HostId | undefined {
    return isSupervised(actor) ? this.#supervised.locate(actor) : hostOf(actor);
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
    if (cell === undefined) this.#reports.stopped(address, false);
    else void cell.stop(mode);
  }

  remove(address: Address, hasFailed: boolean): void {
    this.#cells.delete(address);
    if (!isSupervised(address)) this.#windows.delete(address);
    this.#stopAsking(address);
    this.#reports.stopped(address, hasFailed);
  }

  /** An actor is left behind: it has no place here any more. */
  forget(address: Address): void {
    this.#cells.delete(address);
    this.#stopAsking(address);
  }

  /** An actor is gone: so is whoever waited for what it had asked. */
  #stopAsking(actor: Address): void {
    if (this.#asks.size > 0) this.#asks.giveUpAll("actor-stopped", ({ from, isTold }) => from === actor && !isTold);
  }

  get cells(): ReadonlyMap<Address, ActorCell> {
    return this.#cells;
  }

  /**
   * Stops all actors of this host; what was not handled becomes dead letters. Whoever asked is told at once, so that no
   * handler waits for an answer. An actor that has not stopped when `limit` resolves is left behind.
   */
  async stopActors(limit?: Promise<void>): Promise<void> {
    this.#isClosing = true;
    this.#asks.giveUpAll("system-closed");
    const stopped = Promise.all([...this.#cells.values()].map((cell) => cell.stop("discard")));
    await (limit === undefined ? stopped : Promise.race([stopped, limit]));
  }

  /** Ends what is left on this host once its actors have stopped. */
  close(settledOf: SettledOf = () => nothingSettled): void {
    this.#isClosed = true;
    for (const link of this.#links.values()) link.drain(); // nobody handles it any more: so it becomes dead letters
    this.#asks.close();
    for (const [to, window] of this.#windows) this.#closeWindow(to, window, "system-closed");
    for (const envelope of this.#supervised.close(settledOf)) this.bury(envelope, "system-closed");
    this.streams.close();
    this.flush();
  }

  // ---- messages

  /** Sends without waiting for an answer. Resolves when there is room in the mailbox. */
  tell(sender: Sender, target: Target, type: string, payload: unknown, patient = false): Promise<void> {
    try {
      if (sender.outgoing !== undefined) {
        sender.outgoing.post(target, type, payload);
        return sent;
      }
      const envelope = this.#seal(sender, target, type, payload);
      const admission = this.#window(target).offer(envelope, patient);
      if (admission === "sent") return sent;
      if (admission === "dropped") {
        this.bury(envelope, "overflow");
        return sent;
      }
      return admission;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends and waits for the answer. The sender has then seen what the answering actor had; refs are bound to it. */
  async ask(
    sender: Sender,
    target: Target,
    type: string,
    payload: unknown,
    options?: HostAskOptions,
  ): Promise<unknown> {
    const { answer, token } = await this.#ask(sender, target, type, payload, options);
    sender.observe(token);
    return answer.hasRefs ? reviveRefs(answer.value, (to) => ({ host: this, sender, target: to })) : answer.value;
  }

  #ask(sender: Sender, target: Target, type: string, payload: unknown, options: HostAskOptions = {}): Promise<Reply> {
    const { timeout = this.settings.askTimeout, signal, idempotencyKey, detached = false } = options;
    const { isRepeat = idempotencyKey !== undefined, isTold = false } = options; // of whoever gives keys, nobody knows which attempt it is
    const { address: to } = target;
    try {
      if (this.#isClosing) throw buried({ to, type }, "system-closed");
      if (sender.isFenced === true) throw replaced(String(sender.address));
      if (typeof timeout !== "number" || Number.isNaN(timeout)) {
        throw new TroupeError(
          "invalid-options",
          `ask "${type}": timeout is a number of milliseconds or Infinity, not ${String(timeout)}`,
        );
      }
      const scope = detached || sender.scope?.isOver === true ? undefined : sender.scope;
      const now = this.clock.now();
      const own = now + timeout; // Infinity stays what it is: never
      const deadline = scope === undefined || own <= scope.deadline ? own : scope.deadline;
      const left = deadline === own ? timeout : Math.ceil(deadline - now);
      const over = signal?.aborted === true ? { error: signal.reason as unknown } : scope?.cancellation.reason;
      if (over !== undefined) throw givenUp({ to, type, timeout: left, isSent: false }, "cancelled", over.error);
      if (deadline <= now) throw givenUp({ to, type, timeout: left, isSent: false }, "timed-out");
      const envelope = this.#seal(sender, target, type, payload, { deadline, idempotencyKey, isRepeat, isTold });
      const { id } = envelope;
      const terms = { to, from: sender.address, type, timeout: left, deadline, signal, scope, isTold };
      const ask = this.#asks.add(id, terms);
      const admission = this.#offerAsk(envelope, target, ask);
      if (admission === "sent") ask.isSent = true;
      else if (admission === "dropped") {
        this.bury(envelope, "overflow");
        this.#asks.reject(id, buried(envelope, "overflow"));
      } else admission.catch((error: unknown) => this.#asks.reject(id, error));
      return ask.answer;
    } catch (error) {
      return Promise.reject(notSent(error));
    }
  }

  #offerAsk(envelope: Envelope, target: Target, ask: PendingAsk): ReturnType<SendWindow["offer"]> {
    try {
      return this.#window(target).offer(envelope, false, () => ask.send());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Why nothing can reach an actor any more; `undefined` while its host is there. */
  unreachable(to: Address, type: string): AskError | undefined {
    if (this.#isClosed) return buried({ to, type }, "system-closed");
    if (this.#lost.size === 0) return undefined;
    const error = this.#lost.get(hostOf(to));
    if (error === undefined) return undefined;
    return lost({ to, type }, error);
  }

  answer(envelope: Envelope, answer: Answer): void {
    const token = this.#cells.get(envelope.to)?.token ?? 0;
    this.transmit(envelope.origin, { kind: "reply", id: envelope.id, answer, token });
  }

  /** Answers an ask that nobody handles, or whose handling came to nothing. */
  refuse(envelope: Envelope, error: AskError): void {
    this.answer(envelope, { ok: false, error: encodeError(error) });
  }

  returnCredit(origin: HostId, to: Address, count: number, gone: boolean): void {
    if (origin !== this.id) this.transmit(origin, { kind: "credit", to, count, gone });
    else this.#credit(to, count, gone);
  }

  /** Makes a dead letter of a message, and answers its asker's host if it still waits there. */
  bury({ to, from, type, payload, isJson }: Envelope, reason: DeadLetterReason, detail?: string): void {
    this.reportDeadLetter({ reason, to, from, type, payload, ...(detail === undefined ? {} : { detail }) }, isJson);
  }

  reportDeadLetter(letter: DeadLetter, isJson: boolean): void {
    this.#reports.deadLetter(letter, isJson);
  }

  reportChild(actor: Address, report: ChildReport): void {
    this.#reports.child(actor, report);
  }

  /** Tells a host how far its messages to a supervised actor are. */
  tellSettled(origin: HostId, frame: Extract<SupervisionFrame, { kind: "settled" }>): void {
    if (origin !== this.id) this.transmit(origin, frame);
    else this.#supervised.settled(frame);
  }

  reportFailure(actor: Address, type: string, thrown: unknown): void {
    this.#reports.failure(actor, type, encodeError(thrown));
  }

  /** What a message carries: checked, and isolated from its sender. The copier's fields tell about it. */
  contentOf({ address, check }: Target, type: string, payload: unknown): unknown {
    const { copier } = this;
    return check === undefined
      ? copier.copy(payload, messageName(type, address))
      : check(type, payload, copier, address);
  }

  /** Makes the envelope of a message; a tell's without `ask`. */
  #seal(sender: Sender, target: Target, type: string, payload: unknown, ask?: SealedAsk): Envelope {
    const { address, check } = target;
    const gone = this.unreachable(address, type);
    if (gone !== undefined) throw gone;
    const { copier } = this;
    const content = this.contentOf(target, type, payload);
    return {
      kind: "message",
      id: ++this.#lastId,
      to: address,
      from: sender.address,
      type,
      payload: content,
      token: sender.token,
      isAsk: ask !== undefined,
      deadline: ask === undefined ? never : ask.deadline,
      cause: sender.cause,
      isChecked: check !== undefined,
      hasRefs: copier.hasTransferred,
      isJson: content === undefined || copier.isJson,
      origin: this.id,
      idempotencyKey: ask?.idempotencyKey,
      isRepeat: ask !== undefined && ask.isRepeat,
      isTold: ask !== undefined && ask.isTold,
    };
  }

  #window(target: Target): SendWindow {
    const { address } = target;
    const known = this.#windows.get(address);
    if (known !== undefined) return known;
    const send = this.#pathTo(address);
    const { capacity, overflow } = target;
    const onDropped = (envelope: Envelope): void => {
      this.bury(envelope, "overflow");
      if (envelope.isAsk) this.#asks.reject(envelope.id, buried(envelope, "overflow"));
    };
    const window = new SendWindow({ capacity, overflow, send, onDropped });
    this.#windows.set(address, window);
    return window;
  }

  #pathTo(address: Address): (envelope: Envelope) => void {
    if (isSupervised(address)) return (envelope) => this.#supervised.send(envelope);
    const peer = hostOf(address);
    return peer === this.id ? this.#deliver : (envelope) => this.#links.get(peer)?.send(envelope);
  }

  #credit(to: Address, count: number, gone: boolean): void {
    const window = this.#windows.get(to);
    if (window === undefined) return;
    if (gone) this.#closeWindow(to, window, "actor-stopped");
    else window.credit(count);
  }

  #closeWindow(to: Address, window: SendWindow, reason: DeadLetterReason, cause?: unknown): void {
    this.#windows.delete(to);
    const what = { to, type: "a message" };
    const inFlight = window.close(reason === "thread-died" ? lost(what, cause) : buried(what, reason, cause));
    // of a stopped actor, its own host made dead letters; a dead thread can't, so what it may have lost is told from here
    if (reason !== "thread-died") return;
    for (const envelope of inFlight) {
      const isAnswered = envelope.isAsk && !this.#asks.has(envelope.id);
      if (!isAnswered) this.bury(envelope, reason, "it may have been handled");
    }
  }

  /** A message that nobody handled, and nobody will; an ask that is over has been answered. */
  #undelivered(envelope: Envelope, reason: DeadLetterReason, error: AskError): void {
    if (envelope.isAsk && !this.#asks.has(envelope.id)) return;
    this.bury(envelope, reason);
    if (envelope.isAsk) this.#asks.reject(envelope.id, error);
  }

  #receive(frame: Frame, peer: HostId): void {
    switch (frame.kind) {
      case "message":
        return this.#deliver(frame);
      case "reply":
        return this.#reply(frame);
      case "cancel":
        return this.#cancel(peer, frame);
      case "credit":
        return this.#credit(frame.to, frame.count, frame.gone);
      case "subscribe": {
        const cell = this.#cells.get(frame.to);
        if (cell !== undefined) return cell.subscribers.add(peer, frame.subscription);
        const error = encodeError(buried({ to: frame.to, type: "subscribe" }, "no-such-actor"));
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
      case "dead-letter":
        return this.#reports.deadLetter(frame.letter, frame.isJson);
      case "failure":
        return this.#reports.failure(frame.actor, frame.type, frame.error);
      case "stop":
        return this.#stop(frame.actor, frame.mode);
      case "stopped":
        return this.#reports.stopped(frame.actor, frame.hasFailed);
      case "to-authority":
        return this.#store.fromReplica(peer, frame.message);
      case "to-replica":
        return this.#store.fromAuthority(frame.message);
      case "child-command":
        return this.#cells.get(frame.actor)?.incarnation?.command(frame.command);
      case "child-report":
        return this.#reports.child(frame.actor, frame.report);
      case "settled":
        return this.#supervised.settled(frame);
      case "locate":
        return this.#reports.locate(frame.actor, peer);
      case "located":
        return this.#supervised.located(frame);
      case "departed":
        return this.#supervised.departed(frame);
    }
  }

  readonly #deliver = (envelope: Envelope): void => {
    const cell = this.#cells.get(envelope.to);
    if (cell !== undefined) {
      cell.deliver(envelope);
      return;
    }
    if (isSupervised(envelope.to)) return; // it is elsewhere, or gone: its sender's host keeps the message until it is told
    this.bury(envelope, "no-such-actor");
    if (envelope.isAsk) this.refuse(envelope, buried(envelope, "no-such-actor"));
    this.returnCredit(envelope.origin, envelope.to, 1, true);
  };

  #cancel(peer: HostId, { to, id, code }: Extract<Frame, { kind: "cancel" }>): void {
    const delivery = this.inHand.find(peer, id);
    delivery?.cancel(unwanted(delivery.envelope, code));
    this.#cells.get(to)?.withdraw(peer, id, code);
  }

  #reply({ id, answer, token }: Extract<Frame, { kind: "reply" }>): void {
    if (answer.ok) this.#asks.resolve(id, { answer, token });
    else this.#asks.reject(id, decodeError(answer.error));
  }

  /** Turns the plain forms of refs in a payload back into refs bound to `sender`. */
  revive(value: unknown, sender: Sender): unknown {
    return reviveRefs(value, (target) => ({ host: this, sender, target }));
  }
}

/** Nobody looks after the thread that made the system. */
function ignore(): void {}
