/**
 * The sender's end of messages, on one host: checks and seals what its actors tell and ask, sends it as their receivers' mailboxes
 * have room, and waits for answers. Where receivers can't say any more what became of a message, since they or their threads are
 * gone, it is said here (the sender's part of invariants 2, 6 and 7).
 */

import type { AskOptions } from "../../actors/actor-ref.ts";
import { type Address, homeHost, type HostId, hostOf, isSupervised } from "../../actors/address.ts";
import type { GoneReason } from "../../actors/gone.ts";
import { caught } from "../../errors/caught.ts";
import { decodeError } from "../../errors/error-codec.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import { HeardPromise } from "../../async/heard-promise.ts";
import type { Sender, Target } from "./target.ts";
import { type Envelope, makeEnvelope, never } from "../transport/envelope.ts";
import type { Frame } from "../transport/frame.ts";
import {
  begunBefore,
  departed,
  givenUp,
  notHandled,
  notSent,
  replaced,
  threadLost,
  unsentReason,
  withdrawalReason,
} from "./ask-errors.ts";
import { nothingSettled, type SettledOf } from "../transport/supervision-protocol.ts";
import { ownKey } from "../../store/versions/idempotency-key.ts";
import { checkType, contentOf } from "./message-check.ts";
import { type PartsListener, type PendingAsk, PendingAsks } from "./pending-asks.ts";
import type { Admission, SendWindow } from "./send-window.ts";
import { beginSent, failing, placeOf } from "./sent-span.ts";
import { SendWindows } from "./send-windows.ts";
import { SupervisedRoutes } from "./supervised-routes.ts";
import type { EventStreams } from "./event-streams.ts";
import type { MessagingHost } from "./messaging-host.ts";
import { checkAskOptions } from "./check-ask-options.ts";
import type { OpenSpan } from "../../traces/recorder.ts";
import { type TraceContext, unsampled } from "../../traces/traceparent.ts";
import { shown } from "../../values/shown.ts";

/** How to ask: {@link AskOptions}, whether the same may have been sent before, and whether all it wants is to be handled. */
export interface HostAskOptions extends AskOptions {
  /** An idempotency key that Troupe made, in place of the caller's. */
  readonly key?: string;
  readonly isRepeat?: boolean;
  readonly isTold?: boolean;
  /** Gets parts of the answer ahead of it. */
  readonly listener?: PartsListener;
}

/** What an ask's envelope says besides what every message's does. */
type SealedAsk = Pick<Envelope, "deadline" | "idempotencyKey" | "isRepeat" | "isTold" | "askers"> & {
  readonly trace: TraceContext | undefined;
};

const sent = Promise.resolve();

/** Which part of its time an ask waits that closes a circle of asks. */
const patienceInCircle = 0.9;

/** Tells an observer of a host's asks. */
function askObserver(host: HostId, observer: ActorObserver): (ask: PendingAsk, isOver: boolean) => void {
  return ({ id, from, to, type: message }, isOver) =>
    observer(isOver ? { type: "asked", host, id } : { type: "asks", host, id, from, to, message });
}

/** @throws TroupeError `invalid-options` for an idempotency key that is no text. */
function keyOf(type: string, { key, idempotencyKey }: HostAskOptions): string | undefined {
  return key ?? (idempotencyKey === undefined ? undefined : ownKey(idempotencyKey, `ask ${shown(type)}`));
}

export class Messenger {
  /** Where supervised actors are. */
  readonly supervised: SupervisedRoutes;
  readonly #host: MessagingHost;
  readonly #windows: SendWindows;
  readonly #asks: PendingAsks;
  #lastId = 0;
  #isClosing = false;

  constructor(host: MessagingHost, streams: Pick<EventStreams, "moved" | "departed">) {
    const { clock } = host;
    this.#host = host;
    this.#windows = new SendWindows({
      pathTo: (actor) => this.#pathTo(actor),
      unreachable: (actor, type) => host.unreachable(actor, type),
      onDropped: (envelope) => this.#dropped(envelope),
    });
    this.#asks = new PendingAsks({
      clock,
      observer: host.observer && askObserver(host.id, host.observer),
      cancel: (to, id, code) => {
        const peer = this.locate(to);
        if (peer !== undefined) host.transmit(peer, { kind: "cancel", to, id, code });
      },
      open: ({ answer, token }, asker) => {
        asker.observe(token);
        return answer.hasRefs ? host.revive(answer.value, asker) : answer.value;
      },
    });
    this.supervised = new SupervisedRoutes({
      self: host.id,
      reaches: (peer) => host.reaches(peer),
      send: (peer, envelope) => host.transmit(peer, envelope),
      ask: (actor) => host.transmit(homeHost, { kind: "report", report: { type: "locate", actor } }),
      taken: (actor, upTo) => this.#windows.creditUpTo(actor, upTo),
      isAwaited: (ask) => this.#asks.has(ask),
      withdrawn: (ask) =>
        host.deadLetter(ask, withdrawalReason(clock.now() >= ask.deadline ? "timed-out" : "cancelled")),
      unanswered: (ask) => this.#asks.reject(ask.id, notHandled(ask, "thread-died")),
      moved: (actor) => streams.moved(actor),
      departed: (actor, left, reason, begun) => {
        this.#departed(actor, left, reason, begun);
        streams.departed(actor);
      },
    });
  }

  /**
   * Sends without waiting for an answer. Resolves when there is room in the mailbox.
   *
   * A sender that waits is told when the receiver can't take the message. For one that doesn't, the message becomes a dead letter: its
   * thread must not end because another one died, or stands still (invariant 9).
   */
  tell(sender: Sender, target: Target, type: string, payload: unknown, patient = false): Promise<void> {
    let sealed: Envelope | undefined;
    let span: OpenSpan | undefined;
    try {
      if (sender.heldOutput !== undefined) {
        sender.heldOutput.post(target, type, payload);
        return sent;
      }
      if (sender.trace !== undefined) span = beginSent(this.#host.recorder, "tell", sender, target, type);
      const envelope = (sealed = this.#seal(sender, target, type, payload));
      const admission = this.#windows.to(target, type).offer(envelope, patient);
      if (admission === "sent") {
        span?.end();
        return sent;
      }
      if (admission === "dropped") {
        this.#dropped(envelope);
        span?.fail(notHandled(envelope, "overflow"));
        return sent;
      }
      if (span !== undefined) admission.onSettled((error) => (error === undefined ? span?.end() : span?.fail(error)));
      return this.#heard(admission, () => envelope);
    } catch (thrown) {
      const error = caught(thrown); // a schema's own code may throw anything
      span?.fail(error);
      return unsentReason(error) === undefined
        ? Promise.reject(error)
        : this.#heard(HeardPromise.rejected(error), () => sealed);
    }
  }

  /**
   * Has the message become a dead letter if it can't be sent, and its sender doesn't wait to hear that.
   *
   * @param letter none for one that has its dead letter, or whose sender was left behind and is to have no effect.
   */
  #heard<T>(outcome: HeardPromise<T>, letter: () => Envelope | undefined): Promise<T> {
    outcome.onUnheard(
      (check) => this.#host.turns.atEndOfLoop(check),
      (error) => {
        const reason = unsentReason(error);
        if (reason === undefined) {
          void Promise.reject(error); // as any promise does that no code waits for
          return;
        }
        const envelope = letter();
        if (envelope !== undefined) this.#host.deadLetter(envelope, reason);
      },
    );
    return outcome;
  }

  /**
   * Sends and waits for the answer. The sender has then seen what the answering actor had; refs are bound to it. Where no code
   * waits for it, the end of its receiver makes a dead letter of it, as of a tell.
   */
  ask(sender: Sender, target: Target, type: string, payload: unknown, options?: HostAskOptions): Promise<unknown> {
    let pending: PendingAsk;
    try {
      checkType(type, target.address);
      if (options !== undefined) checkAskOptions(type, options);
      pending = this.#send(sender, target, type, payload, options);
    } catch (thrown) {
      const error = notSent(caught(thrown));
      if (unsentReason(error) === undefined) return Promise.reject(error);
      const letter = (): Envelope | undefined =>
        sender.isFenced === true ? undefined : this.#seal(sender, target, type, payload);
      return this.#heard(HeardPromise.rejected(error), letter);
    }
    const { answer } = pending;
    if (pending.isSent || !this.#asks.has(pending.id)) return answer;
    // it waits for room: what becomes of it before it leaves is said here
    const letter = (): Envelope | undefined => (pending.isSent ? undefined : this.#seal(sender, target, type, payload));
    return this.#heard(new HeardPromise((resolve, reject) => void answer.then(resolve, reject)), letter);
  }

  #send(sender: Sender, target: Target, type: string, payload: unknown, options: HostAskOptions = {}): PendingAsk {
    const { clock, settings, recorder } = this.#host;
    const { timeout = settings.askTimeout, signal, detached = false, listener } = options;
    const { isRepeat = options.idempotencyKey !== undefined, isTold = false } = options; // a caller that gives a key may be on any attempt
    const { address: to } = target;
    if (this.#isClosing) throw notHandled({ to, type }, "system-closed");
    if (sender.isFenced === true) throw replaced(String(sender.address));
    const idempotencyKey = keyOf(type, options);
    const scope = detached || sender.scope?.isOver === true ? undefined : sender.scope;
    const now = clock.now();
    const own = now + timeout; // Infinity stays what it is: never
    const askers = detached ? undefined : sender.scope?.askers;
    const isCircle = askers !== undefined && (to === sender.address || askers.includes(to));
    const circle = isCircle ? circleOf([...askers, sender.address], to) : undefined;
    const last = scope === undefined || own <= scope.deadline ? own : scope.deadline;
    // an ask that closes a circle ends before the asks that wait for it, so that their senders are told of the circle, too
    const deadline = circle === undefined ? last : now + (last - now) * patienceInCircle;
    const left = deadline === own ? timeout : Math.ceil(deadline - now);
    const calledOff = listener?.leaving.reason ?? scope?.cancellation.reason;
    const over = signal?.aborted === true ? { error: signal.reason as unknown } : calledOff;
    if (over !== undefined) throw givenUp({ to, type, timeout: left, isSent: false }, "cancelled", over.error);
    if (deadline <= now) throw givenUp({ to, type, timeout: left, isSent: false }, "timed-out");
    const span = isTold ? undefined : beginSent(recorder, "ask", sender, target, type);
    const trace = recorder === undefined ? undefined : (span ?? placeOf(sender) ?? unsampled);
    const sealed = {
      trace,
      deadline,
      idempotencyKey,
      isRepeat,
      isTold,
      askers: askers?.length === 0 ? undefined : askers,
    };
    const envelope =
      span === undefined
        ? this.#seal(sender, target, type, payload, sealed)
        : failing(span, () => this.#seal(sender, target, type, payload, sealed));
    const { id } = envelope;
    const terms = { to, sender, type, timeout: left, deadline, signal, scope, isTold, circle, listener, span };
    const window = this.#windows.to(target, type);
    const ask = this.#asks.add(id, terms);
    const admission = offerAsk(window, envelope, ask, target.isPatient);
    if (admission === "sent") ask.isSent = true;
    else if (admission === "dropped") this.#dropped(envelope);
    else admission.catch((error: unknown) => this.#asks.reject(id, error));
    return ask;
  }

  /** Makes the envelope of a message; a tell's without `ask`. */
  #seal(sender: Sender, target: Target, type: string, payload: unknown, ask?: SealedAsk): Envelope {
    const { address, check } = target;
    const host = this.#host;
    const { copier } = host;
    const content = contentOf(copier, target, type, payload);
    return makeEnvelope(++this.#lastId, content, {
      to: address,
      from: sender.address,
      type,
      token: sender.token,
      isAsk: ask !== undefined,
      deadline: ask === undefined ? never : ask.deadline,
      cause: sender.cause,
      isChecked: check !== undefined,
      hasRefs: copier.hasTransferred,
      isJson: content === undefined || copier.isJson,
      origin: host.id,
      idempotencyKey: ask?.idempotencyKey,
      isRepeat: ask !== undefined && ask.isRepeat,
      isTold: ask !== undefined && ask.isTold,
      askers: ask?.askers,
      trace: (ask === undefined ? placeOf(sender) : ask.trace)?.traceparent,
    });
  }

  #pathTo(actor: Address): (envelope: Envelope) => void {
    const peer = hostOf(actor);
    if (peer === undefined) return (envelope) => this.supervised.send(envelope);
    return this.#host.pathTo(peer);
  }

  /** The host of an actor; `undefined` while a supervised one is nowhere, or where isn't known here yet. */
  locate(actor: Address): HostId | undefined {
    return hostOf(actor) ?? this.supervised.locate(actor);
  }

  reply({ id, answer, token }: Extract<Frame, { kind: "reply" }>): void {
    if (answer.ok) this.#asks.resolve(id, { answer, token });
    else this.#asks.reject(id, decodeError(answer.error));
  }

  /** Parts of an answer have come ahead of it. */
  parts({ id, token, attempt, index, values }: Extract<Frame, { kind: "parts" }>, peer: HostId): void {
    const ask = this.#asks.find(id);
    ask?.listener?.take({ attempt, index, values }, token, () =>
      this.#host.transmit(peer, { kind: "parts-passed", id }),
    );
  }

  /** `count` messages to an actor have left its mailbox; `gone`: it has stopped, and its host saw to what it had. */
  credit(to: Address, count: number, gone: boolean): void {
    if (gone) this.#windows.gone(to, count, (message) => notHandled(message, "actor-stopped"));
    else this.#windows.credit(to, count);
  }

  /** An actor of this host has stopped, and with it the wait for what it had asked. */
  stopped(actor: Address): void {
    if (!isSupervised(actor)) this.#windows.forget(actor);
    this.stopAsking(actor);
  }

  /** Gives up all that an actor of this host has asked. */
  stopAsking(actor: Address): void {
    if (this.#asks.size > 0) this.#asks.giveUpAll("actor-stopped", ({ from, isTold }) => from === actor && !isTold);
  }

  /** A host is gone: asks of its actors end at once. */
  hostLost(peer: HostId, reason: "actor-stopped" | "thread-died", cause: unknown): void {
    this.supervised.hostLost(peer);
    const hasDied = reason === "thread-died";
    const inFlight = this.#windows.closeAll(
      (message) => (hasDied ? threadLost(message, cause) : notHandled(message, reason, cause)),
      peer,
    );
    // a host that was closed gave credit for all that arrived there; what a dead one may have lost is told from here, too
    for (const envelope of inFlight) {
      const isAnswered = envelope.isAsk && !this.#asks.has(envelope.id);
      if (!isAnswered) this.#host.deadLetter(envelope, reason, hasDied ? "it may have been handled" : undefined);
    }
    this.#asks.rejectAll(peer, (ask) => (ask.isSent ? notHandled(ask, reason, cause) : threadLost(ask, cause)));
  }

  /** The system closes: all asks end at once, so that no handler waits for an answer, and new ones are refused. */
  endAsks(cause?: unknown): void {
    this.#isClosing = true;
    this.#asks.giveUpAll("system-closed", undefined, cause);
  }

  /** Nothing is sent any more: what still waits becomes dead letters, but for what is known to be done with. */
  close(settledOf: SettledOf = () => nothingSettled): void {
    this.#asks.close();
    this.#windows.closeAll((message) => notHandled(message, "system-closed"));
    for (const envelope of this.supervised.close(settledOf)) this.#host.deadLetter(envelope, "system-closed");
  }

  /** A message was dropped by its receiver's overflow policy before it was sent. */
  #dropped(envelope: Envelope): void {
    this.#host.deadLetter(envelope, "overflow");
    if (envelope.isAsk) this.#asks.reject(envelope.id, notHandled(envelope, "overflow"));
  }

  /** A supervised actor is gone for good, with what was sent to it and it is not done with. */
  #departed(actor: Address, left: readonly Envelope[], reason: GoneReason, begun: number): void {
    const { letter, toError } = departed(reason);
    this.#windows.close(actor, toError);
    for (const envelope of left) {
      if (envelope.isAsk && !this.#asks.has(envelope.id)) continue; // it is over, and has been answered
      this.#host.deadLetter(envelope, letter);
      if (!envelope.isAsk) continue;
      const error = toError(envelope);
      this.#asks.reject(envelope.id, envelope.id === begun ? begunBefore(error) : error);
    }
  }
}

function offerAsk(window: SendWindow, envelope: Envelope, ask: PendingAsk, isPatient = false): Admission {
  try {
    return window.offer(envelope, isPatient, () => ask.send());
  } catch (error) {
    return HeardPromise.rejected(error);
  }
}

/** The actors from `to` on that wait, each for the next one, if asking `to` makes a circle of them. */
function circleOf(askers: readonly (Address | undefined)[], to: Address): readonly Address[] | undefined {
  const from = askers.lastIndexOf(to);
  return from === -1 ? undefined : [...askers.slice(from).filter((actor) => actor !== undefined), to];
}
