/** Makes values for a schema, simple ones and those at its edges first: what an agent may return by its contract, or a run be given. */

import * as v from "valibot";
import { seededRandom } from "../simulator/schedules/seeded-random.ts";
import { below, chance, type Draw, oneOf } from "./plan.ts";

type Schema = v.GenericSchema;

/** What is read of a schema: the fields that valibot documents for its kinds. */
interface Read {
  readonly type: string;
  readonly pipe?: readonly Read[];
  readonly kind?: string;
  readonly requirement?: unknown;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly enum?: Readonly<Record<string, unknown>>;
  readonly wrapped?: Schema;
  readonly item?: Schema;
  readonly items?: readonly Schema[];
  readonly rest?: Schema;
  readonly key?: Schema;
  readonly value?: Schema;
  readonly getter?: (input: unknown) => Schema;
}

/** Thrown for a schema that no value is found for. `where` is the path of the part. */
export class NoValue extends Error {
  constructor(where: string, type: string) {
    super(`${where} is a ${type} that no value was found for`);
  }
}

/** So many values are tried for a part of a schema. */
const tries = 100;

/** Deeper than this, what may be left out or empty is. */
const deepest = 6;

/**
 * A value that the schema accepts. All draws 0: the simplest.
 *
 * @param where names the value in errors.
 * @throws NoValue for a kind of schema that is unknown here, and for one whose checks no value passed.
 */
export function valueFor(schema: Schema, draw: Draw, where: string, depth = 0): unknown {
  for (let attempt = 0; attempt < tries; attempt++) {
    const value = candidate(schema, attempt === 0 ? draw : drawAgain(draw, attempt), where, depth);
    if (v.safeParse(schema, value).success) return value;
  }
  throw new NoValue(where, (schema as unknown as Read).type);
}

/** New draws after a failed attempt, also where all draws of that were 0. */
function drawAgain(draw: Draw, attempt: number): Draw {
  const random = seededRandom(Math.floor(draw() * 2 ** 31) + attempt);
  return () => random.next();
}

function candidate(schema: Schema, draw: Draw, where: string, depth: number): unknown {
  const read = schema as unknown as Read;
  const part = (of: Schema, name: string | number): unknown => valueFor(of, draw, `${where}.${name}`, depth + 1);
  const isDeep = depth > deepest;
  switch (read.type) {
    case "string":
      return text(limitsOf(read), draw);
    case "number":
      return number(limitsOf(read), draw);
    case "bigint":
      return bigint(limitsOf(read), draw);
    case "boolean":
      return chance(draw, 0.5);
    case "date":
      return date(limitsOf(read), draw);
    case "literal":
      return read.literal;
    case "picklist":
      return read.options?.[below(draw, read.options.length)];
    case "enum": {
      const values = Object.values(read.enum ?? {});
      return values[below(draw, values.length)];
    }
    case "null":
      return null;
    case "undefined":
    case "void":
      return undefined;
    case "any":
    case "unknown":
      return oneOf<unknown>(draw, [null, "", 0, false, {}, [], "a"]);
    case "optional":
    case "exact_optional":
    case "undefinedable":
      return isDeep || !chance(draw, 0.5) ? undefined : valueFor(read.wrapped as Schema, draw, where, depth + 1);
    case "nullable":
      return isDeep || !chance(draw, 0.5) ? null : valueFor(read.wrapped as Schema, draw, where, depth + 1);
    case "nullish":
      if (!isDeep && chance(draw, 0.5)) return valueFor(read.wrapped as Schema, draw, where, depth + 1);
      return oneOf<unknown>(draw, [undefined, null]);
    case "non_optional":
    case "non_nullable":
    case "non_nullish":
    case "readonly":
      return valueFor(read.wrapped as Schema, draw, where, depth + 1);
    case "object":
    case "strict_object":
    case "loose_object":
    case "object_with_rest":
      return object(read.entries ?? {}, part, draw, isDeep);
    case "tuple":
    case "strict_tuple":
    case "loose_tuple":
    case "tuple_with_rest":
      return (read.items ?? []).map(part);
    case "array":
      return list(limitsOf(read), draw, isDeep).map((index) => part(read.item as Schema, index));
    case "set":
      return new Set(list(limitsOf(read), draw, isDeep).map((index) => part(read.value as Schema, index)));
    case "map":
      return new Map(
        list(limitsOf(read), draw, isDeep).map((index) => [
          part(read.key as Schema, index),
          part(read.value as Schema, index),
        ]),
      );
    case "record":
      return Object.fromEntries(
        list(limitsOf(read), draw, isDeep).map((index) => [
          part(read.key as Schema, index),
          part(read.value as Schema, index),
        ]),
      );
    case "union":
    case "variant": {
      const options = (read.options ?? []) as readonly Schema[];
      return valueFor(options[below(draw, options.length)] as Schema, draw, where, depth + 1);
    }
    case "intersect":
      return Object.assign(
        {},
        ...((read.options ?? []) as readonly Schema[]).map((option) => valueFor(option, draw, where, depth + 1)),
      );
    case "lazy":
      return valueFor(read.getter?.(undefined) as Schema, draw, where, depth + 1);
    default:
      throw new NoValue(where, read.type);
  }
}

function object(
  entries: Readonly<Record<string, Schema>>,
  part: (of: Schema, name: string) => unknown,
  draw: Draw,
  isDeep: boolean,
): object {
  const made: [string, unknown][] = [];
  for (const [name, of] of Object.entries(entries)) {
    const { type } = of as unknown as Read;
    const mayBeAbsent = type === "optional" || type === "exact_optional" || type === "nullish";
    if (mayBeAbsent && (isDeep || !chance(draw, 0.7))) continue;
    const { wrapped } = of as unknown as Read;
    made.push([name, type === "exact_optional" ? part(wrapped as Schema, name) : part(of, name)]);
  }
  return Object.fromEntries(made); // also for a field named __proto__
}

/** The indexes of a list: none, one, few, as many as there may be. */
function list({ min, max }: Limits, draw: Draw, isDeep: boolean): readonly number[] {
  const least = Math.max(0, min ?? 0);
  const most = Math.max(least, Math.min(max ?? least + 3, least + 20));
  const length = isDeep ? least : oneOf(draw, [least, Math.min(most, least + 1), Math.min(most, least + 2), most]);
  return Array.from({ length }, (_, index) => index);
}

/** What the checks of a schema allow, as far as they are known here. */
interface Limits {
  readonly min?: number;
  readonly max?: number;
  readonly isInteger?: true;
  readonly multipleOf?: number;
  readonly starts?: string;
  readonly ends?: string;
  readonly includes?: string;
  /** A text in the format that is asked for. */
  readonly sample?: string;
  /** The only values. */
  readonly values?: readonly unknown[];
}

/** Texts in the formats that valibot has checks for. */
const samples: Readonly<Record<string, string>> = {
  base64: "YQ==",
  bic: "DEUTDEFF",
  credit_card: "4242424242424242",
  cuid2: "tz4a98xxat96iws9zmbrgj3a",
  decimal: "0",
  digits: "0",
  domain: "a.test",
  email: "a@b.test",
  emoji: "🙂",
  hash: "d41d8cd98f00b204e9800998ecf8427e",
  hex_color: "#000000",
  hexadecimal: "0",
  imei: "490154203237518",
  ip: "127.0.0.1",
  ipv4: "127.0.0.1",
  ipv6: "::1",
  iso_date: "2026-01-31",
  iso_date_time: "2026-01-31T00:00",
  iso_time: "00:00",
  iso_time_second: "00:00:00",
  iso_timestamp: "2026-01-31T00:00:00.000Z",
  iso_week: "2026-W01",
  isrc: "USRC17607839",
  mac: "00:00:00:00:00:00",
  nanoid: "V1StGXR8_Z5jdHi6B-myT",
  octal: "0",
  rfc_email: "a@b.test",
  slug: "a",
  ulid: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  url: "https://a.test/",
  uuid: "3b241101-e2bb-4255-8caf-4136c566a962",
};

function limitsOf(read: Read): Limits {
  let limits: Limits = {};
  for (const { kind, type, requirement, pipe } of read.pipe?.slice(0, 1).flatMap((first) => first.pipe ?? []) ?? [])
    limits = withCheck(limits, {
      type,
      requirement,
      ...(kind === undefined ? {} : { kind }),
      ...(pipe === undefined ? {} : { pipe }),
    });
  for (const check of read.pipe?.slice(1) ?? []) {
    if (check.kind !== "validation") break; // behind a transformation, checks are about something else
    limits = withCheck(limits, check);
  }
  return limits;
}

function withCheck(limits: Limits, { type, requirement }: Read): Limits {
  const least = (min: number): Limits => ({ ...limits, min: Math.max(min, limits.min ?? min) });
  const most = (max: number): Limits => ({ ...limits, max: Math.min(max, limits.max ?? max) });
  const limit = typeof requirement === "bigint" || requirement instanceof Date ? Number(requirement) : requirement;
  if (typeof limit === "number") {
    switch (type) {
      case "min_length":
      case "min_size":
      case "min_value":
      case "min_entries":
      case "min_bytes":
      case "min_graphemes":
      case "min_words":
        return least(limit);
      case "max_length":
      case "max_size":
      case "max_value":
      case "max_entries":
      case "max_bytes":
      case "max_graphemes":
      case "max_words":
        return most(limit);
      case "length":
      case "size":
      case "entries":
      case "bytes":
      case "graphemes":
        return { ...limits, min: limit, max: limit };
      case "gt_value":
        return least(limits.isInteger === true ? limit + 1 : limit + smallStep(limit));
      case "lt_value":
        return most(limits.isInteger === true ? limit - 1 : limit - smallStep(limit));
      case "multiple_of":
        return { ...limits, multipleOf: limit };
    }
  }
  if (typeof requirement === "string") {
    if (type === "starts_with") return { ...limits, starts: requirement };
    if (type === "ends_with") return { ...limits, ends: requirement };
    if (type === "includes") return { ...limits, includes: requirement };
  }
  if (type === "value") return { ...limits, values: [requirement] };
  if (type === "values" && Array.isArray(requirement)) return { ...limits, values: requirement };
  if (type === "integer" || type === "safe_integer") return { ...limits, isInteger: true };
  if (type === "non_empty") return least(1);
  const sample = samples[type];
  return sample === undefined ? limits : { ...limits, sample };
}

function smallStep(near: number): number {
  return Math.max(Math.abs(near) * 2 ** -40, 2 ** -20);
}

function number(
  { min = -Number.MAX_VALUE, max = Number.MAX_VALUE, isInteger, multipleOf, values }: Limits,
  draw: Draw,
): unknown {
  if (values !== undefined) return values[below(draw, values.length)];
  const fits = (one: number): boolean => one >= min && one <= max && (isInteger !== true || Number.isSafeInteger(one));
  const isBounded = min > -Number.MAX_VALUE && max < Number.MAX_VALUE;
  const nearest = Math.min(max, Math.max(min, 0));
  const middle = isBounded ? min + (max - min) / 2 : 10 ** (1 + below(draw, 6));
  const between = isBounded ? min + draw() * (max - min) : (draw() - 0.5) * 10 ** (1 + below(draw, 9));
  const edges = [nearest, nearest + 1, min, max, nearest - 1, 0.5, middle].map((one) =>
    isInteger === true ? Math.round(one) : one,
  );
  const usual = isInteger === true ? Math.round(between) : between;
  const step =
    multipleOf === undefined
      ? (one: number): number => one
      : (one: number): number => Math.round(one / multipleOf) * multipleOf;
  const known = [...new Set(edges.filter((one) => Math.abs(one) < Number.MAX_VALUE).map(step))].filter(fits);
  const [first = step(usual), ...others] = known;
  // edges one time in two, anything else the other
  return oneOf(draw, [first, ...others, ...Array.from({ length: known.length }, () => step(usual))]);
}

function bigint(limits: Limits, draw: Draw): unknown {
  const { values } = limits;
  if (values !== undefined) return values[below(draw, values.length)];
  return BigInt(number({ min: -(2 ** 53), max: 2 ** 53, ...limits, isInteger: true }, draw) as number);
}

function date(limits: Limits, draw: Draw): Date {
  const range = { min: Date.UTC(1970, 0, 1), max: Date.UTC(2100, 0, 1), ...limits };
  return new Date(number({ ...range, isInteger: true }, draw) as number);
}

/** Texts that code often forgets, and one that it doesn't. */
const texts = ["", "a", "A b", "0", " ", "é", "日本", "__proto__", "null", '"', "🙂"] as const;

function text(
  { min = 0, max = Number.POSITIVE_INFINITY, starts = "", ends = "", includes = "", sample, values }: Limits,
  draw: Draw,
): unknown {
  if (values !== undefined) return values[below(draw, values.length)];
  if (sample !== undefined) return sample;
  const middle = includes + oneOf(draw, texts);
  const filled = middle + "a".repeat(Math.max(0, Math.min(min, 10_000) - middle.length - starts.length - ends.length));
  const room = Math.max(0, max - starts.length - ends.length);
  return starts + filled.slice(0, room) + ends;
}
