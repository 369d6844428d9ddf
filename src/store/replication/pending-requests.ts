/** The requests of a replica that are not answered yet. */

import { decodeError } from "../../errors/error-codec.ts";
import type { AuthorityMessage, RequestId } from "./store-protocol.ts";

type Answer<K extends AuthorityMessage["kind"]> = Extract<AuthorityMessage, { readonly kind: K }>;

interface PendingRequest {
  /** Called within `receive`, before later messages are handled. */
  readonly onAnswer: (message: AuthorityMessage) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Owns the requests that wait for answers, by id. It neither sends nor receives. */
export class PendingRequests {
  readonly #pending = new Map<RequestId, PendingRequest>();
  #lastId = 0;

  /** Returns the id to send the request with. */
  add(request: PendingRequest): RequestId {
    const id = ++this.#lastId;
    this.#pending.set(id, request);
    return id;
  }

  /** Passes an answer to its request. */
  settle(id: RequestId, message: AuthorityMessage): void {
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    if (message.kind === "failed") request?.onFailure(decodeError(message.error));
    else request?.onAnswer(message);
  }

  failAll(error: unknown): void {
    const requests = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of requests) request.onFailure(error);
  }
}

/** Narrows an answer to the kinds that its request can have. */
export function expectAnswer<K extends AuthorityMessage["kind"]>(
  message: AuthorityMessage,
  ...kinds: readonly K[]
): Answer<K> {
  if ((kinds as readonly string[]).includes(message.kind)) return message as Answer<K>;
  throw new Error(`Defect: the store's authority answered ${message.kind} where ${kinds.join(" or ")} was due.`);
}
