/** The body of an actor written as a stream: pushes messages into its inbox, and emits what comes out as its events. */

import { map, Subject, type Subscription } from "rxjs";
import type { ActorContext } from "../../actors/actor-context.ts";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { InboxMessage } from "../../actors/inbox-message.ts";
import type { Protocol } from "../../actors/protocol.ts";
import type { CancellationListener } from "../../async/cancellation.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import { toTimeOfDay } from "../../async/time-of-day.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { AskError } from "../../errors/ask-error.ts";
import { caught } from "../../errors/caught.ts";
import type { ActorBody, ActorCell } from "../cell/actor-cell.ts";
import { CellContext, type CellSite } from "../cell/cell-context.ts";
import type { Handling } from "../cell/handling.ts";
import type { Delivery } from "../cell/delivery.ts";
import { type Envelope, never } from "../transport/envelope.ts";
import { BehaviourFailure, type Incarnation } from "../cell/incarnation.ts";
import { openMessage, replyChecked } from "../cell/open-message.ts";
import type { CellHost } from "../cell/cell-host.ts";

type Behave = (
  inbox$: Subject<InboxMessage<Protocol>>,
  context: ActorContext,
) => ReturnType<Subject<unknown>["asObservable"]>;

export class StreamBody implements ActorBody {
  readonly #host: CellHost;
  readonly #cell: ActorCell;
  readonly #definition: ActorDefinition;
  readonly #inbox$ = new Subject<InboxMessage<Protocol>>();
  /** The asks that the stream has taken and not answered yet. */
  readonly #open = new Set<Delivery>();
  /** Lets go of the message that the stream holds in the mailbox. */
  #release: (() => void) | undefined;
  /** Fails the message that the stream holds. */
  #reject: ((failure: BehaviourFailure) => void) | undefined;
  /** The error with which the stream failed, for a supervised actor. */
  #failure: BehaviourFailure | undefined;
  #isPushing = false;
  #isStopped = false;
  #subscription: Subscription | undefined;

  constructor(host: CellHost, cell: ActorCell, definition: ActorDefinition, site: CellSite) {
    if (definition.body.kind !== "behaviour")
      throw new TroupeError("invalid-options", `${definition.name} has no behaviour`);
    this.#host = host;
    this.#cell = cell;
    this.#definition = definition;
    const context = new CellContext(site, new WholeLife(cell)) as unknown as ActorContext;
    const behave = definition.body.behaviour as unknown as Behave;
    this.#subscription = behave(this.#inbox$, context)
      .pipe(map((event) => context.emit(event as never))) // an event that can't be emitted is the stream's failure
      .subscribe({
        error: (thrown: unknown) => this.#fail(caught(thrown)),
        complete: () => this.#end(),
      });
  }

  handle(delivery: Delivery): void | Promise<void> {
    const { type, from, isAsk, deadline } = delivery.envelope;
    const { clock } = this.#host;
    const payload = openMessage(this.#host, this.#cell, this.#definition, delivery.envelope);
    if (isAsk) this.#open.add(delivery);
    let release: (() => void) | undefined;
    let held: Promise<void> | undefined;
    const message = {
      type,
      payload,
      from,
      get signal() {
        return delivery.signal;
      },
      get deadline() {
        return toTimeOfDay(clock, deadline);
      },
      timeLeft: () => Math.max(0, deadline - clock.now()),
      reply: (value: unknown) => {
        replyChecked(this.#definition, delivery, value);
        this.#open.delete(delivery);
      },
      fail: (error: unknown) => {
        delivery.fail(caught(error));
        this.#open.delete(delivery);
      },
      hold: () => {
        held ??= new Promise((resolve, reject) => {
          this.#release = release = resolve;
          this.#reject = reject;
        });
        return () => release?.();
      },
    };
    this.#isPushing = true;
    this.#inbox$.next(message as InboxMessage<Protocol>);
    this.#isPushing = false;
    if (this.#failure !== undefined) {
      this.#open.delete(delivery);
      throw this.#failure;
    }
    held = held?.finally(() => (this.#reject = undefined));
    if (!delivery.envelope.isTold) return held;
    // such an ask is answered once the message has left the mailbox
    if (held !== undefined) return held.then(() => this.#acknowledge(delivery));
    this.#acknowledge(delivery);
  }

  stop(): void {
    this.#isStopped = true;
    this.#inbox$.complete();
    this.#subscription?.unsubscribe();
    for (const delivery of this.#open) delivery.refuse(unanswered(delivery.envelope));
    this.#open.clear();
  }

  #acknowledge(delivery: Delivery): void {
    delivery.reply(undefined);
    this.#open.delete(delivery);
  }

  #fail(thrown: unknown): void {
    const { incarnation } = this.#cell;
    if (incarnation !== undefined) {
      this.#failSupervised(thrown, incarnation);
      return;
    }
    this.#cell.hear({ type: "broke" });
    this.#host.reportFailure(this.#cell.address, "behaviour", thrown);
    this.#cell.subscribers.end({ kind: "failed", error: encodeError(thrown) });
    for (const delivery of this.#open) delivery.fail(thrown);
    this.#open.clear();
    this.#end();
  }

  /** Fails the message that the stream holds along with the stream, so that it is delivered again. */
  #failSupervised(thrown: unknown, incarnation: Incarnation): void {
    if (this.#isStopped) return;
    const failure = new BehaviourFailure(thrown);
    const isInHand = this.#isPushing || this.#reject !== undefined;
    const inHand = isInHand ? incarnation.inHand : undefined;
    for (const delivery of this.#open) if (delivery !== inHand) delivery.fail(thrown);
    this.#open.clear();
    if (this.#isPushing) this.#failure = failure;
    else if (this.#reject !== undefined) this.#reject(failure);
    else {
      const report = { type: "behaviour-failed", error: encodeError(thrown) } as const;
      const tell = (): void => incarnation.behaviourEnded(report);
      if (this.#subscription !== undefined) tell();
      else this.#host.turns.schedule(tell); // the stream ended in this body's constructor: the cell is not complete yet
    }
  }

  /** The stream has ended, so the actor ends too, before it takes another message. */
  #end(): void {
    this.#release?.();
    if (this.#isStopped) return;
    const { incarnation } = this.#cell;
    const stop = (): void =>
      incarnation === undefined ? void this.#cell.stop("discard") : incarnation.behaviourEnded({ type: "completed" });
    if (this.#subscription !== undefined) stop();
    else this.#host.turns.schedule(stop); // the stream ended in this body's constructor: the cell is not complete yet
  }
}

/** What a behaviour does may last as long as its actor. Each of its messages has a signal of its own. */
class WholeLife implements Handling {
  readonly sender: ActorCell;
  readonly deadline = never;

  constructor(cell: ActorCell) {
    this.sender = cell;
  }

  get signal(): AbortSignal {
    return this.sender.signal;
  }

  get trace(): TraceContext | undefined {
    return this.sender.trace;
  }

  add(listener: CancellationListener): void {
    this.sender.stopping.add(listener);
  }

  remove(listener: CancellationListener): void {
    this.sender.stopping.remove(listener);
  }
}

/** The error for an ask that the stream took: whether the stream has done anything with it is unknown. */
function unanswered({ to, type }: Envelope): AskError {
  const message = `${to} stopped before it answered "${type}"; it may have handled it`;
  return new AskError("failed", "actor-stopped", message, { details: { to, type } });
}
