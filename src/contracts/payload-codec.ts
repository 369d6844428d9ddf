/**
 * How a run records inputs and outputs. A run's history is a state of the store, and states hold only plain data.
 * Inputs and outputs may also hold dates, maps, sets, bytes and actor refs, which are recorded in a plain form.
 */

import { recordedTags, type RecordedTag, tagField } from "../values/tag.ts";
import { bufferViews, ValueCopier } from "../values/value-copier.ts";

/**
 * An input or output in its recorded form: plain data, in an isolated copy.
 *
 * @experimental
 * @since 0.1.0
 */
export type Payload = unknown;

const wrapper = "payload" satisfies RecordedTag;

type Tagged =
  | { readonly [tagField]: "payload"; readonly value: unknown }
  | { readonly [tagField]: "date"; readonly time: number }
  | { readonly [tagField]: "map"; readonly entries: readonly (readonly [unknown, unknown])[] }
  | { readonly [tagField]: "set"; readonly values: readonly unknown[] }
  | { readonly [tagField]: "bytes"; readonly type: string; readonly base64: string }
  | { readonly [tagField]: "object"; readonly entries: readonly (readonly [string, unknown])[] };

const ownTags: ReadonlySet<unknown> = new Set<Tagged[typeof tagField]>(recordedTags);

/** What a codec depends on. */
export interface PayloadCodecOptions {
  /** The most a payload may take, in bytes. */
  readonly maxBytes: number;
  /** The system that the payloads are for: refs of another one are refused. Default: refs of any are taken. */
  readonly system?: object;
  /**
   * Replaces the plain forms of actor refs in a value, which it may change, by the refs. Default: leaves them as they
   * are.
   */
  readonly revive?: (value: unknown) => unknown;
}

/**
 * Turns values into payloads and back. A plain value, the usual case, is copied once by `encode` and not at all by
 * `decode`.
 */
export class PayloadCodec {
  readonly #copier: ValueCopier;
  readonly #revive: (value: unknown) => unknown;

  constructor({ maxBytes, system, revive }: PayloadCodecOptions) {
    this.#copier = new ValueCopier(maxBytes, system);
    this.#revive = revive ?? ((value) => value);
  }

  /**
   * Returns a copy of `value` in its recorded form. `what` names the value in errors, such as `the output of step "risk"`.
   *
   * @throws TroupeError `not-cloneable` or `message-too-large`.
   */
  encode(value: unknown, what: string): Payload {
    return this.encodeCopy(this.#copier.copy(value, what), this.#copier);
  }

  /**
   * Like {@link PayloadCodec.encode}, for a value that is an isolated copy already; the second argument is the copier
   * that made it.
   */
  encodeCopy(copy: unknown, { isJson, hasTransferred }: Pick<ValueCopier, "isJson" | "hasTransferred">): Payload {
    const mayMislead = hasTransferred || isTagged(copy);
    if (isJson && !mayMislead) return copy;
    const plain = tagAll(copy);
    // with a wrapper, `decode` need not search the payload for something to decode
    return mayMislead || plain !== copy ? { [tagField]: wrapper, value: plain } : copy;
  }

  /**
   * Returns a value equal to what {@link PayloadCodec.encode} was given, with the same prototypes. Returns a plain payload
   * itself. `revive` is used in place of the codec's own.
   */
  decode(payload: Payload, revive = this.#revive): unknown {
    return isWrapped(payload) ? revive(untagAll(payload.value)) : payload;
  }
}

/** One payload made of several, such as a list of them. `make` gets each in a form that decodes to the value again, and only puts it somewhere. */
export function composePayloads(parts: readonly Payload[], make: (part: Payload, index: number) => unknown): Payload {
  if (!parts.some(isWrapped)) return parts.map(make);
  return {
    [tagField]: wrapper,
    value: parts.map((part, index) => make(isWrapped(part) ? part.value : tagAll(part), index)),
  };
}

function isTagged(value: unknown): value is { readonly [tagField]: unknown } {
  return typeof value === "object" && value !== null && Object.hasOwn(value, tagField);
}

function isWrapped(payload: Payload): payload is { readonly [tagField]: unknown; readonly value: unknown } {
  return isTagged(payload) && payload[tagField] === wrapper;
}

/** Returns `value` itself where nothing in it needs a tag. */
function tagAll(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return mapArray(value, tagAll);
  if (value instanceof Date) return { [tagField]: "date", time: value.getTime() } satisfies Tagged;
  if (value instanceof Map) {
    return {
      [tagField]: "map",
      entries: [...value].map(([key, entry]) => [tagAll(key), tagAll(entry)] as const),
    } satisfies Tagged;
  }
  if (value instanceof Set) return { [tagField]: "set", values: [...value].map(tagAll) } satisfies Tagged;
  if (value instanceof ArrayBuffer) return tagBytes("ArrayBuffer", new Uint8Array(value));
  if (ArrayBuffer.isView(value)) {
    return tagBytes(
      Object.prototype.toString.call(value).slice(8, -1),
      new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
    );
  }
  // the user's data has a field that reads like one of the codec's tags
  if (isTagged(value) && ownTags.has(value[tagField])) {
    return {
      [tagField]: "object",
      entries: Object.entries(value).map(([key, field]) => [key, tagAll(field)] as const),
    } satisfies Tagged;
  }
  return mapFields(value, tagAll);
}

function tagBytes(type: string, bytes: Uint8Array): Tagged {
  return {
    [tagField]: "bytes",
    type,
    base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  };
}

/** Always makes new objects: the result belongs to the caller, and the payload may be frozen. */
function untagAll(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(untagAll);
  const tagged = isTagged(value) && ownTags.has(value[tagField]) ? (value as Tagged) : undefined;
  switch (tagged?.[tagField]) {
    case "date":
      return new Date(tagged.time);
    case "map":
      return new Map(tagged.entries.map(([key, entry]) => [untagAll(key), untagAll(entry)]));
    case "set":
      return new Set(tagged.values.map(untagAll));
    case "bytes":
      return untagBytes(tagged.type, tagged.base64);
    case "object":
      return Object.fromEntries(tagged.entries.map(([key, field]) => [key, untagAll(field)]));
    default:
      return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, untagAll(field)]));
  }
}

function untagBytes(type: string, base64: string): ArrayBuffer | ArrayBufferView {
  const { buffer } = new Uint8Array(Buffer.from(base64, "base64")); // copied, since a Buffer's bytes may be a slice of a pool
  const View = bufferViews.find(({ name }) => name === type);
  return View === undefined ? buffer : new View(buffer);
}

function mapArray(values: readonly unknown[], map: (value: unknown) => unknown): readonly unknown[] {
  const mapped = values.map(map);
  return mapped.some((value, index) => !Object.is(value, values[index])) ? mapped : values;
}

function mapFields(value: object, map: (value: unknown) => unknown): object {
  const entries = Object.entries(value);
  const mapped = entries.map(([key, field]) => [key, map(field)] as const);
  return mapped.some(([, field], index) => !Object.is(field, entries[index]?.[1])) ? Object.fromEntries(mapped) : value;
}
