import type { Observable } from "rxjs";
import * as v from "valibot";
import { describe, it } from "vitest";
import type { ActorRef } from "../../src/actors/actor-ref.ts";
import type { EncodedError } from "../../src/errors/error-codec.ts";
import type { TroupeError } from "../../src/errors/troupe-error.ts";
import type { Cloneable, IsCloneable, Transferable } from "../../src/values/cloneable.ts";

/** True when each of them is cloneable; a single one that isn't shows in the type of the error. */
type All<T extends readonly unknown[]> = { [I in keyof T]: IsCloneable<T[I]> };
type Trues<T extends readonly unknown[]> = { [I in keyof T]: true };
type Falses<T extends readonly unknown[]> = { [I in keyof T]: false };

function expectAll<T extends readonly unknown[]>() {
  return {
    cloneable: (..._: All<T> extends Trues<T> ? [] : [All<T>]) => {},
    refused: (..._: All<T> extends Falses<T> ? [] : [All<T>]) => {},
  };
}

type Act = () => void;
interface Plain {
  readonly id: string;
  readonly tags?: readonly string[];
}
declare class Account {
  balance: number;
  deposit(cents: number): void;
}
declare class Closed {
  private readonly cents: number;
  close(): void;
}
declare abstract class Base {
  readonly id: string;
}
declare const brand: unique symbol;
declare const mark: unique symbol;
type Branded<T> = T & { readonly [brand]: "Branded" };
declare enum Colour {
  Red,
  Green = "green",
}

interface Tree {
  readonly value: number;
  readonly children: readonly Tree[];
}
interface TreeOfMaps {
  readonly children: ReadonlyMap<string, TreeOfMaps>;
}
interface TreeWithAct {
  readonly children: readonly TreeWithAct[];
  readonly act: Act;
}
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonWithAct = string | Act | JsonWithAct[] | { [key: string]: JsonWithAct };
type Nested = string | Map<string, Nested> | Set<Nested> | readonly [Nested, Nested?];
type NestedWithAct = Act | Map<string, NestedWithAct> | Set<NestedWithAct> | readonly [NestedWithAct];

describe("IsCloneable", () => {
  it("is true for what structured clone carries", () => {
    expectAll<
      [undefined, null, void, boolean, number, bigint, string, "a" | 1, `id-${string}`, never, {}, Plain]
    >().cloneable();
    expectAll<[Date, ArrayBuffer, Uint8Array, Buffer, Float64Array<ArrayBuffer>, DataView]>().cloneable();
    expectAll<[string[], readonly number[], [], [1, "a"], readonly [Plain, ...Date[]], [a?: Plain]]>().cloneable();
    expectAll<[Map<string, Plain>, ReadonlyMap<Date, number[]>, Set<Plain>, ReadonlySet<"a" | "b">]>().cloneable();
    expectAll<
      [Record<string, Plain>, { [key: string]: number }, Partial<Plain>, Required<Plain>, Plain & { extra: Date }]
    >().cloneable();
    expectAll<
      [Plain | undefined, Plain | string | Date[] | null, { kind: "a"; n: number } | { kind: "b"; at: Date }]
    >().cloneable();
    expectAll<[Tree, TreeOfMaps, Json, { body: Json }, Nested, Cloneable]>().cloneable();
  });

  it("leaves to the run-time check what the type doesn't say", () => {
    // oxlint-disable-next-line typescript/no-explicit-any
    type Any = any;
    expectAll<[unknown, Any, object, { a: unknown }, { a: Any }, unknown[], Any[]]>().cloneable();
    expectAll<[Map<string, unknown>, Set<Any>, Record<string, unknown>, { a?: unknown }, [unknown, Any]]>().cloneable();
  });

  it("is true for branded types", () => {
    expectAll<
      [Branded<string>, Branded<number>, Branded<Plain>, Branded<string>[], Record<string, Branded<number>>]
    >().cloneable();
    const schema = v.object({
      id: v.pipe(v.string(), v.brand("Id")),
      at: v.pipe(v.object({ n: v.number() }), v.brand("At")),
    });
    expectAll<
      [v.InferOutput<typeof schema>, Map<v.InferOutput<typeof schema>["id"], v.InferOutput<typeof schema>>]
    >().cloneable();
    expectAll<[Colour, Colour.Red, { colour: Colour }]>().cloneable();
  });

  it("is true for what says how it travels", () => {
    expectAll<[ActorRef, ActorRef<{ add: { input: v.GenericSchema<number> } }>, Transferable]>().cloneable();
    expectAll<
      [{ who: ActorRef }, ActorRef[], ActorRef | null, { who?: ActorRef }, Map<string, ActorRef>]
    >().cloneable();
  });

  it("is true for plain data that looks a bit like an error", () => {
    expectAll<
      [{ name: string; message: string }, { name: string; message: string; stack?: string }, EncodedError]
    >().cloneable();
  });

  it("is false for functions and constructors", () => {
    expectAll<[Act, (a: string, ...more: number[]) => Promise<void>, <T>(value: T) => T, Function]>().refused();
    expectAll<[typeof Account, typeof Base, new () => Plain, DateConstructor]>().refused();
    expectAll<[Act & { a: 1 }, { (): void; a: 1 }, () => never, (this: Date) => void]>().refused();
  });

  it("is false for symbols", () => {
    expectAll<[symbol, typeof mark, { a: symbol }]>().refused();
  });

  it("is false for instances with methods", () => {
    expectAll<
      [Account, Closed, { account: Account }, RegExp, URL, AbortSignal, Observable<number>, Iterable<number>]
    >().refused();
    expectAll<
      [Promise<number>, PromiseLike<number>, WeakMap<object, number>, WeakSet<object>, WeakRef<object>]
    >().refused();
    expectAll<[Generator<number>, AsyncIterable<number>, SharedArrayBuffer]>().refused();
  });

  it("is false for errors", () => {
    expectAll<
      [Error, TypeError, AggregateError, TroupeError, DOMException, NodeJS.ErrnoException, { error: Error }]
    >().refused();
    expectAll<[Error | Plain, Error[], Map<string, Error>]>().refused();
  });

  it("is false wherever a function hides", () => {
    expectAll<
      [{ a: Act }, { a?: Act }, { a: { b: { c: Act } } }, { a(): void }, { a?(): void }, { readonly a: Act }]
    >().refused();
    expectAll<
      [Act | string, { a: string | Act }, { kind: "a" } | { kind: "b"; act: Act }, Plain & { act: Act }]
    >().refused();
    expectAll<
      [Act[], readonly Act[], [Act], readonly [string, Act], [a?: Act], [string, ...Act[]], Plain[] | Act[]]
    >().refused();
    expectAll<[Record<string, Act>, Partial<Record<"a" | "b", Act>>, { [key: string]: string | Act }]>().refused();
    expectAll<
      [Map<string, Act>, Map<Act, string>, Map<string, { a: Act }>, ReadonlyMap<string, Plain | Act>]
    >().refused();
    expectAll<
      [Set<Act>, ReadonlySet<Account>, Set<[Act]>, { a?: Set<Act | string> }, Map<string, Map<string, Act>>]
    >().refused();
    expectAll<
      [Branded<Act>, Branded<{ a: Act }>, TreeWithAct, Map<string, TreeWithAct>, JsonWithAct, NestedWithAct]
    >().refused();
  });
});
