/** Whether a message that arrives again under an idempotency key is the one that was handled under it. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { AskError } from "../../errors/ask-error.ts";
import { toLosslessJson } from "../../values/lossless-json.ts";
import { sha256 } from "../../values/sha256.ts";
import { RefusedMessage } from "../messaging/refused-message.ts";
import type { Envelope } from "../transport/envelope.ts";

/** How many characters of the hash are kept, of six bits each. */
const length = 32;

/**
 * What tells a payload from another one; `undefined` for a message without a key, and for one with refs, which lead elsewhere
 * after a restart.
 */
export function payloadHash(codec: PayloadCodec, envelope: Envelope): string | undefined {
  const { payload, idempotencyKey, hasRefs, type } = envelope;
  if (idempotencyKey === undefined || hasRefs) return undefined;
  const plain = toLosslessJson(codec.encode(payload, `the message "${type}"`));
  return sha256(plain, "base64url", length);
}

/**
 * @param key of the state that the message is about. @param version of the mail that keeps the answer.
 * @throws RefusedMessage `idempotency-mismatch` where both hashes are known and differ.
 */
export function checkSameRequest(
  { to, type, idempotencyKey = "" }: Envelope,
  given: string | undefined,
  { asked, key, version }: { readonly asked: string | undefined; readonly key: string; readonly version: number },
): void {
  if (asked === undefined || given === undefined || asked === given) return;
  const message =
    `${to} was sent "${type}" with another payload under the idempotency key ${JSON.stringify(idempotencyKey)} before. ` +
    "Nothing was done. Derive idempotency keys from what is asked.";
  const details = { idempotencyKey, key, committedTo: key, version };
  throw new RefusedMessage(new AskError("rejected", "idempotency-mismatch", message, { details }));
}
