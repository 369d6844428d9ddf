/** Frames as hosts send them: what is said to be JSON is. */

import type { ErrorCode } from "../../../src/errors/error-code.ts";
import fc from "fast-check";
import { type Address, homeHost, hostId, makeAddress } from "../../../src/actors/address.ts";
import { encodeError } from "../../../src/errors/error-codec.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { CancelCode, DeadLetterReason, Envelope } from "../../../src/runtime/transport/envelope.ts";
import type { SystemReport } from "../../../src/runtime/transport/system-report.ts";
import type { Frame } from "../../../src/runtime/transport/frame.ts";

/** A tell of no payload, with whatever is given instead. */
export function envelopeOf(fields: Partial<Envelope> = {}): Envelope {
  return {
    kind: "message",
    id: 1,
    to: makeAddress(hostId(1), "a"),
    from: undefined,
    type: "take",
    payload: undefined,
    token: 0,
    isAsk: false,
    idempotencyKey: undefined,
    isRepeat: false,
    isTold: false,
    askers: undefined,
    trace: undefined,
    deadline: Number.POSITIVE_INFINITY,
    cause: 0,
    isChecked: false,
    hasRefs: false,
    isJson: true,
    origin: homeHost,
    ...fields,
  };
}

const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(fields, { noNullPrototype: true });

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("__proto__", "toJSON", "1", "0", "a"),
);
const address: fc.Arbitrary<Address> = fc
  .tuple(fc.nat(3), fc.constantFrom("a", "b", "0", "x-1"))
  .map(([host, name]) => makeAddress(hostId(host), name));
const count = fc.nat({ max: 1000 });
const error = text.map((message) =>
  encodeError(new TroupeError<ErrorCode>("conflict", message, { details: { message } })),
);

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(text, count, fc.boolean(), fc.constant(null)),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie("json")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as unknown),
  ),
}));
const beyondJson = fc.constantFrom<unknown>(undefined, -0, Number.NaN, 5n);
/** What a state may be. */
const state = fc.oneof(json, beyondJson, record({ a: json, b: fc.array(beyondJson, { maxLength: 2 }) }));
const cloneable = fc.oneof(
  beyondJson,
  record({ at: fc.date({ noInvalidDate: true }), more: json }),
  fc.array(fc.tuple(text, json), { maxLength: 3 }).map((entries) => new Map(entries)),
  fc.uint8Array({ maxLength: 4 }),
);

/** A value, and whether JSON carries it. */
const content = fc.oneof(
  { weight: 5, arbitrary: json.map((value) => ({ value, isJson: true })) },
  { weight: 1, arbitrary: cloneable.map((value) => ({ value, isJson: false })) },
);

/** Nothing at all counts as JSON in a message and in a dead letter. */
const contentOrNone = fc.oneof(content, fc.constant({ value: undefined, isJson: true }));

const envelope: fc.Arbitrary<Frame> = record({
  id: fc.integer({ min: 1, max: 5 }),
  to: address,
  from: fc.option(address, { nil: undefined }),
  type: fc.constantFrom("take", "__proto__", ""),
  content: contentOrNone,
  token: fc.nat(1),
  isAsk: fc.boolean(),
  idempotencyKey: fc.option(fc.string(), { nil: undefined }),
  isRepeat: fc.boolean(),
  isTold: fc.boolean(),
  deadline: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1_700_000_000_000.125),
  cause: fc.nat(1),
  isChecked: fc.boolean(),
  hasRefs: fc.boolean(),
  askers: fc.option(fc.array(address, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  trace: fc.option(fc.constantFrom("00-a-b-01", "00-a-c-01"), { nil: undefined }),
}).map(({ content: { value, isJson }, ...fields }) => envelopeOf({ ...fields, payload: value, isJson }));

/** Tells that differ in little but their payloads, as from a loop: a batch may write them as one. */
const burst: fc.Arbitrary<Frame[]> = record({
  first: fc.integer({ min: 1, max: 5 }),
  to: address,
  isSteady: fc.boolean(),
  rows: fc.array(
    record({
      keys: fc.constantFrom(["a", "b"], ["a", "b"], ["b", "a"], ["a"], ["__proto__"], [], undefined),
      value: json,
      skip: fc.constantFrom(0, 0, 0, 1),
      token: fc.constantFrom(0, 0, 0, 1),
    }),
    { minLength: 1, maxLength: 40 },
  ),
}).map(({ first, to, isSteady, rows }) => {
  let id = first;
  return rows.map((row) => {
    const { keys, skip, token } = isSteady ? (rows[0] as typeof row) : row;
    id += 1 + (isSteady ? 0 : skip);
    return envelopeOf({ id, to, token, payload: keys && Object.fromEntries(keys.map((key) => [key, row.value])) });
  });
});

const reported = (report: fc.Arbitrary<SystemReport>): fc.Arbitrary<Frame> =>
  record({ kind: fc.constant("report" as const), report });

const other: fc.Arbitrary<Frame> = fc.oneof(
  record({ id: count, token: count, content, hasRefs: fc.boolean() }).map(
    ({ id, token, content: { value, isJson }, hasRefs }): Frame => {
      return { kind: "reply", id, token, answer: { ok: true, value, isJson, hasRefs } };
    },
  ),
  record({
    kind: fc.constant("reply" as const),
    id: count,
    token: count,
    answer: record({ ok: fc.constant(false as const), error }),
  }),
  record({
    kind: fc.constant("cancel" as const),
    to: address,
    id: count,
    code: fc.constantFrom<CancelCode>("cancelled", "timed-out", "actor-stopped", "thread-died"),
  }),
  record({ kind: fc.constant("credit" as const), to: address, count, gone: fc.boolean() }),
  record({ kind: fc.constantFrom("subscribe" as const, "unsubscribe" as const), to: address, subscription: count }),
  record({ subscription: count, content, hasRefs: fc.boolean() }).map(
    ({ subscription, content: { value, isJson }, hasRefs }): Frame => {
      return { kind: "event", subscription, event: value, isJson, ...(hasRefs ? { hasRefs } : {}) };
    },
  ),
  record({ kind: fc.constant("event-credit" as const), to: address, subscription: count, count }),
  record({
    kind: fc.constant("stream-end" as const),
    subscription: count,
    end: fc.oneof(
      fc.constant({ kind: "completed" } as const),
      error.map((failure) => ({ kind: "failed", error: failure }) as const),
    ),
  }),
  record({
    reason: fc.constantFrom<DeadLetterReason>("overflow", "expired"),
    to: address,
    from: fc.option(address, { nil: undefined }),
    content: contentOrNone,
  }).map(({ reason, to, from, content: { value, isJson } }): Frame => {
    const letter = { reason, to, from, type: "take", payload: value };
    return { kind: "report", report: { type: "dead-letter", letter, isJson, hasAsker: isJson } };
  }),
  record({
    kind: fc.constant("spans" as const),
    dropped: count,
    spans: fc.array(
      record({
        traceId: text,
        spanId: text,
        name: text,
        start: count,
        attributes: fc
          .array(fc.tuple(text, fc.oneof(text, count, fc.boolean(), fc.array(text))), { maxLength: 3 })
          .map((entries) => Object.fromEntries(entries)),
        events: fc.constant([]),
        links: fc.constant([]),
      }),
      { maxLength: 2 },
    ),
  }),
  record({
    kind: fc.constant("stop" as const),
    actor: address,
    mode: fc.constantFrom("drain" as const, "discard" as const),
  }),
  reported(record({ type: fc.constant("stopped" as const), actor: address, hasFailed: fc.boolean() })),
  reported(
    record({ type: fc.constant("failure" as const), actor: address, message: text, error, isExpected: fc.boolean() }),
  ),
  record({
    kind: fc.constant("to-replica" as const),
    message: record({
      kind: fc.constant("update" as const),
      position: count,
      updates: fc.array(
        record({
          meta: fc.constant({ key: "k/1", version: 1, parent: 0, at: 0 } as never),
          patches: fc.array(
            record({
              op: fc.constant("replace" as const),
              path: fc.array(fc.oneof(text, count), { maxLength: 2 }),
              value: state,
            }),
            { maxLength: 2 },
          ),
        }),
        { maxLength: 2 },
      ),
    }),
  }),
  record({
    kind: fc.constant("to-authority" as const),
    message: record({ kind: fc.constant("sync" as const), id: count }),
  }),
);

/** What a link carries in one batch, of every kind of frame. */
export const frames: fc.Arbitrary<Frame[]> = fc
  .array(
    fc.oneof(
      { weight: 2, arbitrary: burst },
      envelope.map((each) => [each]),
      other.map((each) => [each]),
    ),
    { maxLength: 6 },
  )
  .map((groups) => groups.flat());
