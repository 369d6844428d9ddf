import { expectTypeOf, it } from "vitest";
import type { ActorRef } from "../../src/index.ts";
import type { ReadonlyParts } from "../../src/values/readonly-parts.ts";

type Branded = string & { readonly __brand: "id" };
interface Tree {
  value: number;
  children: Tree[];
}

it("makes each part readonly, and leaves what has no parts as it is", () => {
  expectTypeOf<ReadonlyParts<{ a: string[]; b?: [number, { c: Date }] }>>().toEqualTypeOf<{
    readonly a: readonly string[];
    readonly b?: readonly [number, { readonly c: Date }];
  }>();
  expectTypeOf<ReadonlyParts<Map<string, number[]> | Set<string[]>>>().toEqualTypeOf<
    ReadonlyMap<string, readonly number[]> | ReadonlySet<readonly string[]>
  >();
  expectTypeOf<ReadonlyParts<string | undefined | Uint8Array | bigint>>().toEqualTypeOf<
    string | undefined | Uint8Array | bigint
  >();
  expectTypeOf<ReadonlyParts<Branded>>().toEqualTypeOf<Branded>();
  expectTypeOf<ReadonlyParts<ActorRef>>().toEqualTypeOf<ActorRef>();
  expectTypeOf<ReadonlyParts<unknown>>().toBeUnknown();
});

it("takes what it is made of, also where that contains itself", () => {
  expectTypeOf<Tree>().toExtend<ReadonlyParts<Tree>>();
  expectTypeOf<Tree[]>().toExtend<ReadonlyParts<Tree[]>>();
  expectTypeOf<Readonly<Tree>>().toExtend<ReadonlyParts<Tree>>();
  expectTypeOf<{ value: string }>().not.toExtend<ReadonlyParts<Tree>>();
});
