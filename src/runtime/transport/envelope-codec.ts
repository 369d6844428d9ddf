/** The wire form of one message: the one place that knows in which order its fields travel, and how. */

import type { Address, HostId } from "../../actors/address.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import { type Envelope, makeEnvelope, never } from "./envelope.ts";

/** What a message's flat frame begins with. */
export const messageKind = 0;

/** A message as it travels. Its origin and whether it is JSON are its batch's. */
export type FlatEnvelope = [
  kind: number,
  id: number,
  to: Address,
  /** 0 for none. */
  from: Address | 0,
  type: string,
  token: Position,
  flags: number,
  /** 0 for never. */
  deadline: number,
  cause: number,
  payload: unknown,
  /** Left out for none. */
  idempotencyKey?: string | null | undefined,
  /** Left out for none. */
  askers?: readonly Address[] | null,
  /** Left out for none. */
  trace?: string,
];

/** Where the payload is in a {@link FlatEnvelope}. */
export const payloadAt = 9;

const asks = 1;
const refs = 2;
const absent = 4; // JSON has no undefined: the payload is left out
const checked = 8;
const repeats = 16;
const told = 32;

export function flattenEnvelope(envelope: Envelope): FlatEnvelope {
  const { id, to, from, type, payload, token, isAsk, deadline, cause, isChecked, hasRefs, idempotencyKey } = envelope;
  const { askers, trace } = envelope;
  const flags =
    (isAsk ? asks : 0) |
    (hasRefs ? refs : 0) |
    (payload === undefined ? absent : 0) |
    (isChecked ? checked : 0) |
    (envelope.isRepeat ? repeats : 0) |
    (envelope.isTold ? told : 0);
  const until = deadline === never ? 0 : deadline;
  const flat: FlatEnvelope = [messageKind, id, to, from ?? 0, type, token, flags, until, cause, payload ?? null];
  if (trace !== undefined) flat.push(idempotencyKey ?? null, askers ?? null, trace);
  else if (askers !== undefined) flat.push(idempotencyKey ?? null, askers);
  else if (idempotencyKey !== undefined) flat.push(idempotencyKey);
  return flat;
}

export function inflateEnvelope(flat: Readonly<FlatEnvelope>, origin: HostId, isJson: boolean): Envelope {
  const flags = flat[6];
  return makeEnvelope(flat[1], (flags & absent) === 0 ? flat[payloadAt] : undefined, {
    to: flat[2],
    from: flat[3] === 0 ? undefined : flat[3],
    type: flat[4],
    token: flat[5],
    isAsk: (flags & asks) !== 0,
    deadline: flat[7] === 0 ? never : flat[7],
    cause: flat[8],
    isChecked: (flags & checked) !== 0,
    hasRefs: (flags & refs) !== 0,
    isJson,
    origin,
    idempotencyKey: flat[10] ?? undefined,
    isRepeat: (flags & repeats) !== 0,
    isTold: (flags & told) !== 0,
    askers: flat[11] ?? undefined,
    trace: flat[12],
  });
}
