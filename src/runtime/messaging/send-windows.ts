/**
 * The windows of one host: to each actor that it sends to, from the first message on until the actor or its thread is gone.
 */

import { type Address, type HostId, hostOf } from "../../actors/address.ts";
import type { AskError } from "../../errors/ask-error.ts";
import type { Target } from "./target.ts";
import type { Envelope } from "../transport/envelope.ts";
import { SendWindow } from "./send-window.ts";

export interface SendWindowsOptions {
  /** What takes messages to an actor. */
  readonly pathTo: (actor: Address) => (envelope: Envelope) => void;
  /** Why nothing can reach an actor any more; `undefined` while something can. Asked before a window is opened, and not for each message. */
  readonly unreachable: (actor: Address, type: string) => AskError | undefined;
  /** Told of a message that made room for a newer one before it was sent. */
  readonly onDropped: (envelope: Envelope) => void;
}

/** Makes the error of a message whose sender waits for room. */
type ToError = (message: Pick<Envelope, "to" | "type">) => AskError;

/** Owns the windows. It sends nothing itself. */
export class SendWindows {
  readonly #options: SendWindowsOptions;
  readonly #windows = new Map<Address, SendWindow>();

  constructor(options: SendWindowsOptions) {
    this.#options = options;
  }

  /**
   * The window to an actor, for a message of that type.
   *
   * @throws AskError when nothing can reach the actor any more, whose window is closed then.
   */
  to({ address, capacity, overflow }: Target, type: string): SendWindow {
    const known = this.#windows.get(address);
    if (known !== undefined) return known;
    const { pathTo, unreachable, onDropped } = this.#options;
    const gone = unreachable(address, type);
    if (gone !== undefined) throw gone;
    const window = new SendWindow({ capacity, overflow, send: pathTo(address), onDropped });
    this.#windows.set(address, window);
    return window;
  }

  /** `count` messages have left an actor's mailbox. */
  credit(actor: Address, count: number): void {
    this.#windows.get(actor)?.credit(count);
  }

  /** An actor's messages up to an id have left its mailbox. */
  creditUpTo(actor: Address, id: number): void {
    this.#windows.get(actor)?.creditUpTo(id);
  }

  /** An actor is gone, and has given its last credits: no sender waits any more. What is on its way is credited where it arrives. */
  gone(actor: Address, count: number, toError: ToError): void {
    const window = this.#windows.get(actor);
    if (window === undefined) return;
    window.refuseWaiting(() => toError({ to: actor, type: "a message" }));
    window.credit(count);
    if (window.isIdle) this.#windows.delete(actor);
  }

  /** An actor is gone. Returns what was sent and not credited. */
  close(actor: Address, toError: ToError): Envelope[] {
    const window = this.#windows.get(actor);
    if (window === undefined) return [];
    this.#windows.delete(actor);
    return window.close(() => toError({ to: actor, type: "a message" }));
  }

  /** All actors of a host are gone; of all hosts if none is named. Returns what was sent to them and not credited. */
  closeAll(toError: ToError, host?: HostId): Envelope[] {
    const actors = [...this.#windows.keys()].filter((actor) => host === undefined || hostOf(actor) === host);
    return actors.flatMap((actor) => this.close(actor, toError));
  }

  /** An actor has stopped in good order: no sender waits for room, and no message is on its way. */
  forget(actor: Address): void {
    this.#windows.delete(actor);
  }
}
