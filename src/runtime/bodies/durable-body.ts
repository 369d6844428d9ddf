/**
 * The body of a durable actor: handlers over a state of the store. What a message changes, what its handler sends, and that
 * it was handled become one commit; nothing leaves the actor before (invariants 5 and 11). After Strom and Yemini, "Optimistic
 * Recovery in Distributed Systems" (1985), on output commit; pessimistic here, as each message waits for its own commit.
 */

import { createDraft, isDraftable } from "immer";
import type { Subscription } from "rxjs";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import { type Mail, mailState, noMail, type Parcel } from "../../actors/outbox-state.ts";
import { PayloadCodec } from "../../contracts/payload-codec.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import { isConflictError } from "../../store/versions/conflict-error.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { StateDefinition } from "../../store/versions/state-definition.ts";
import { keyOfParts, scopeKey } from "../../store/versions/idempotency-key.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { StoreClient } from "../../store/client/store-client.ts";
import { kindOf } from "../../values/value-copier.ts";
import type { ActorBody, ActorCell } from "../cell/actor-cell.ts";
import { nameOf } from "../../actors/address.ts";
import { CellContext, type CellSite } from "../cell/cell-context.ts";
import type { Delivery } from "../cell/delivery.ts";
import type { Envelope } from "../transport/envelope.ts";
import { checkReply, openMessage } from "../cell/open-message.ts";
import { finished } from "./actor-state.ts";
import { Outbox } from "./outbox.ts";
import { HeldOutput, type Posted } from "./held-output.ts";
import { checkSameRequest, payloadHash } from "./same-request.ts";
import { isOutcomeUnknown, refusalOf, StoreFailure, stored } from "./store-failure.ts";
import type { ActorServices } from "../cell/actor-services.ts";

type Handle = (draft: unknown, payload: unknown, context: unknown) => unknown;

/** How many of its messages may wait for their receivers (invariant 7). */
const maxParcels = 1_024;

/** How often a message is handled anew because another writer changed the actor's state meanwhile. */
const maxAttempts = 100;

/** What is the same for all attempts at a message. */
interface Request {
  /** A copy of its payload: handlers may change theirs. */
  readonly spare: unknown;
  readonly key: string | undefined;
  readonly scope: string;
  /** See {@link Mail.asked}. */
  readonly asked: string | undefined;
}

export class DurableBody implements ActorBody {
  readonly #services: ActorServices;
  readonly #cell: ActorCell;
  readonly #definition: ActorDefinition;
  readonly #family: StateDefinition;
  readonly #on: Readonly<Record<string, Handle>>;
  readonly #site: CellSite;
  readonly #client: StoreClient;
  readonly #codec: PayloadCodec;
  readonly #outbox: Outbox;
  /** The id of its state. */
  readonly #id: string;
  /** The id of its mail: the key of its state. */
  readonly #mailId: string;
  /** Together with the number of a handling, identifies the commits of messages without an idempotency key. */
  readonly #incarnation: string;
  #handlings = 0;
  /** The subscription to the versions of its mail. Closed after it failed, until the next message opens another. */
  #mail: Subscription | undefined;
  /** The number of the newest parcel that the outbox got; absent until the outbox has got what an earlier life left. */
  #posted: number | undefined;
  /** The numbers of parcels that are delivered and still in the store. */
  readonly #delivered = new Set<number>();
  #isHandling = false;
  #clearing: Promise<void> | undefined;
  /** True when the last attempt to clear failed: the next message's commit clears. */
  #hasFailedToClear = false;
  #isStopped = false;

  constructor(services: ActorServices, cell: ActorCell, definition: ActorDefinition, site: CellSite) {
    if (definition.body.kind !== "durable")
      throw new TroupeError("invalid-options", `${definition.name} has no state in the store`);
    const { host, store } = services;
    this.#services = services;
    this.#cell = cell;
    this.#definition = definition;
    this.#site = site;
    this.#family = definition.body.state;
    this.#on = definition.body.on as unknown as Readonly<Record<string, Handle>>;
    this.#id = nameOf(cell.address);
    this.#mailId = stateKey(this.#family, this.#id);
    this.#incarnation = host.random.id();
    this.#codec = new PayloadCodec({
      maxBytes: host.settings.maxMessageBytes,
      system: host.system,
      revive: (value) => host.revive(value, cell),
    });
    this.#client = new StoreClient(store, {
      author: cell.author,
      onSeen: ({ position }) => cell.observe(position),
    });
    this.#outbox = new Outbox({
      host,
      cell,
      codec: this.#codec,
      sender: this.#mailId,
      onDelivered: (number) => {
        this.#delivered.add(number);
        this.#clearIfIdle();
      },
      onPause: () => cell.settled(),
    });
    this.#follow();
  }

  /**
   * True while a parcel is being delivered, or a delivered one is still in the store: an actor that is drained waits for that.
   * It does not wait for receivers that can't be reached.
   */
  get isOwing(): boolean {
    return !this.#outbox.isIdle || (this.#delivered.size > 0 && !this.#hasFailedToClear);
  }

  get kept(): ActorBody["kept"] {
    return { key: this.#mailId };
  }

  async handle(delivery: Delivery): Promise<void> {
    this.#isHandling = true;
    try {
      this.#follow();
      await this.#clearing;
      await this.#handle(delivery);
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      delivery.refuse(refusalOf(delivery.envelope, error));
      throw error.cause;
    } finally {
      this.#isHandling = false;
      this.#clearIfIdle();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#mail?.unsubscribe();
    this.#outbox.stop();
  }

  async #handle(delivery: Delivery): Promise<void> {
    const { isRepeat, payload } = delivery.envelope;
    const request = this.#requestOf(delivery.envelope);
    const key = request && scopeKey(keyOfParts("message", ...request));
    const asked = payloadHash(this.#codec, delivery.envelope);
    if (key !== undefined && isRepeat && (await this.#answerAgain(delivery, key, asked))) return;
    const handling = request ?? [this.#mailId, this.#incarnation, String(++this.#handlings)];
    const scope = keyOfParts("handling", ...handling);
    const spare = this.#services.host.copier.copy(payload, "a message", Number.POSITIVE_INFINITY);
    try {
      for (let attempt = 1; !(await this.#attempt(delivery, { spare, key, scope, asked }, attempt)); attempt++);
    } catch (error) {
      // it may have failed since it was handled before: the second sending of a message may be the first to arrive
      if (key === undefined || isRepeat || isOutcomeUnknown(error) || !(await this.#answerAgain(delivery, key, asked)))
        throw error;
    }
  }

  /**
   * What is the same each time that one request arrives: its receiver, its message and its key. `undefined` for a
   * message without a key that can arrive only once.
   */
  #requestOf(envelope: Envelope): readonly string[] | undefined {
    const { type, idempotencyKey } = envelope;
    if (idempotencyKey !== undefined) return [this.#mailId, type, idempotencyKey];
    // a supervisor has a message delivered again: it is known by a key of its delivery
    const delivered = this.#cell.incarnation?.keyOf(envelope);
    return delivered === undefined ? undefined : [this.#mailId, "", delivered];
  }

  /**
   * Gives the outbox what each version of the mail adds: what an earlier life left, what this one commits, and what a
   * thread that died had on its way to the journal.
   */
  #follow(): void {
    if (this.#mail?.closed === false) return;
    this.#mail = this.#client.watch(mailState, this.#mailId).subscribe({
      next: ({ state: { posted, outbox }, author }) => {
        const isOwn = this.#posted !== undefined && author === this.#cell.author;
        const known = this.#posted ?? 0;
        this.#posted = posted;
        if (posted > known)
          this.#outbox.add(
            outbox.filter(({ number }) => number > known),
            !isOwn,
          );
      },
      error: (error: unknown) => {
        if (isTroupeError(error, "ownership-lost")) return; // the system says so itself, and ends
        this.#services.host.reportFailure(this.#cell.address, "outbox", error);
      },
    });
  }

  /** Gives a message that was handled before the answer that it got then. Returns false if it was not handled before. */
  async #answerAgain(delivery: Delivery, key: string, asked: string | undefined): Promise<boolean> {
    const mailKey = stateKey(mailState, this.#mailId);
    const original = await stored(() => this.#services.store.committed(mailKey, key, [this.#mailId]));
    if (original === undefined) return false;
    this.#cell.observe(original.position);
    this.#reply(delivery, original as Snapshot<Mail>, asked);
    return true;
  }

  /** @throws RefusedMessage `idempotency-mismatch` */
  #reply(delivery: Delivery, { state, version }: Snapshot<Mail>, asked: string | undefined): void {
    checkSameRequest(delivery.envelope, asked, { asked: state.asked, key: this.#mailId, version });
    delivery.reply(this.#codec.decode(state.reply));
  }

  /** Handles the message over the newest state. Returns false if another writer has changed the state meanwhile. */
  async #attempt(delivery: Delivery, { spare, key, scope, asked }: Request, attempt: number): Promise<boolean> {
    const { host } = this.#services;
    const { envelope } = delivery;
    const { type, idempotencyKey } = envelope;
    const state = await stored(() => this.#client.read(this.#family, this.#id));
    const mail = await stored(() => this.#client.snapshot(mailState, this.#mailId));
    if (!isDraftable(state)) throw notDraftable(this.#mailId, state);
    const opened =
      attempt === 1
        ? envelope
        : { ...envelope, payload: host.copier.copy(spare, "a message", Number.POSITIVE_INFINITY) };
    const payload = openMessage(host, this.#cell, this.#definition, opened);
    const draft = createDraft(state as object);
    const heldOutput = new HeldOutput(host, this.#codec, delivery.trace?.traceparent);
    const context = new CellContext(this.#site, delivery, { scope });
    const value = await this.#run(heldOutput, () => (this.#on[type] as Handle)(draft, payload, context));
    const answer = delivery.isAnswered ? undefined : checkReply(this.#definition, type, value);
    const reply = delivery.prepare(answer); // before the draft is finished: the answer may hold parts of it
    const kept =
      key === undefined || answer === undefined ? undefined : this.#codec.encode(answer, `a reply to "${type}"`);
    const next = finished(draft, this.#definition.name);
    const parcels = parcelsOf(mail?.state.posted ?? 0, heldOutput.posted);
    if (next !== state || parcels.length > 0 || idempotencyKey !== undefined) {
      const delivered = new Set(this.#delivered);
      const mailNow = mailAfter(mail?.state, parcels, delivered, { reply: kept, asked });
      if (mailNow.outbox.length > maxParcels) throw outboxFull(this.#cell.address, mailNow.outbox.length);
      const landed = await this.#commit(next, mailNow, key, attempt);
      if (landed === undefined) return false;
      const isOwn = landed.version === (mail?.version ?? 0) + 1 && landed.author === this.#cell.author;
      if (!isOwn) {
        this.#reply(delivery, landed, asked); // another delivery of the message was committed first
        return true;
      }
      this.#cleared(delivered);
    }
    for (const { event, hasRefs } of heldOutput.events) this.#cell.subscribers.emit(event, hasRefs);
    reply();
    return true;
  }

  async #run(heldOutput: HeldOutput, handle: () => unknown): Promise<unknown> {
    this.#cell.heldOutput = heldOutput;
    try {
      return await handle();
    } finally {
      if (this.#cell.heldOutput === heldOutput) this.#cell.heldOutput = undefined; // unless a fence has replaced it meanwhile, which stays
    }
  }

  /** Returns the mail's new version; `undefined` when another writer has changed the state meanwhile. */
  async #commit(
    state: unknown,
    mail: Mail,
    key: string | undefined,
    attempt: number,
  ): Promise<Snapshot<Mail> | undefined> {
    try {
      const keys = [
        [this.#family, this.#id],
        [mailState, this.#mailId],
      ] as const;
      const recipe = (): [unknown, Mail] => [state, mail];
      const [, landed] =
        key === undefined
          ? await this.#client.transact(keys, recipe, { onConflict: "reject" })
          : await this.#client.transactOnce(keys, recipe, key);
      return landed;
    } catch (error) {
      if (isConflictError(error) && attempt < maxAttempts) return undefined;
      // the handler's fault; or it was handled before, and retention has dropped the answer
      if (isTroupeError(error, "invalid-state") || isTroupeError(error, "no-such-version")) throw error;
      throw new StoreFailure(error);
    }
  }

  /** Takes delivered parcels out of the store while no message is handled. Otherwise the commits of messages do that too. */
  readonly #clearIfIdle = (): void => {
    if (this.#isStopped || this.#isHandling || this.#clearing !== undefined) return;
    if (this.#delivered.size === 0) {
      this.#cell.settled();
      return;
    }
    if (this.#cell.waiting > 0) {
      this.#services.host.turns.schedule(this.#clearIfIdle); // what waits may end without being handled
      return;
    }
    this.#clearing = this.#clear().then((isCleared) => {
      this.#clearing = undefined;
      if (isCleared) this.#clearIfIdle(); // more may have been delivered meanwhile
      else this.#cell.settled();
    });
  };

  /** Returns false when the store failed: the next commit tries again. */
  async #clear(): Promise<boolean> {
    const delivered = new Set(this.#delivered);
    try {
      await this.#client.commit(mailState, this.#mailId, (draft) => {
        draft.outbox = draft.outbox.filter(({ number }) => !delivered.has(number));
      });
      this.#cleared(delivered);
      return true;
    } catch (error) {
      this.#hasFailedToClear = true;
      this.#services.host.reportFailure(this.#cell.address, "outbox", error);
      return false;
    }
  }

  #cleared(delivered: ReadonlySet<number>): void {
    this.#hasFailedToClear = false;
    for (const number of delivered) this.#delivered.delete(number);
  }
}

function parcelsOf(last: number, posted: readonly Posted[]): readonly Parcel[] {
  return posted.map((message, i) => ({ number: last + 1 + i, ...message }));
}

function mailAfter(
  { handled, posted, outbox }: Mail = noMail,
  parcels: readonly Parcel[],
  delivered: ReadonlySet<number>,
  { reply, asked }: { readonly reply: unknown; readonly asked: string | undefined },
): Mail {
  const waiting = delivered.size === 0 ? outbox : outbox.filter(({ number }) => !delivered.has(number));
  return {
    handled: handled + 1,
    posted: posted + parcels.length,
    outbox: parcels.length === 0 ? waiting : [...waiting, ...parcels],
    ...(reply === undefined ? {} : { reply }),
    ...(asked === undefined ? {} : { asked }),
  };
}

function notDraftable(key: string, state: unknown): TroupeError {
  return new TroupeError(
    "invalid-options",
    `${key} holds ${kindOf(state)}: the state of an actor is a plain object or an array`,
    { details: { key } },
  );
}

function outboxFull(actor: string, count: number): TroupeError {
  return new TroupeError(
    "outbox-full",
    `${actor} would have ${count} messages that their receivers have not handled, and ${maxParcels} may wait. Nothing was committed or sent. ` +
      "See whether the receivers are there; have them answer, or send less.",
    { details: { actor, count, limit: maxParcels } },
  );
}
