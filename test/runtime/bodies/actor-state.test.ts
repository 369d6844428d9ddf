/** An actor's private state: what a handler that throws has not changed, and what is refused since that could not be so. */

import { createDraft, enableMapSet } from "immer";
import { describe, expect, it } from "vitest";
import { ActorState } from "../../../src/runtime/bodies/actor-state.ts";
import { isTroupeError } from "../../../src/errors/troupe-error.ts";

enableMapSet();

class Account {
  cents = 0;
}

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (isTroupeError(error, "invalid-state")) return [error.details.path, error.details.received];
    throw error;
  }
  return "taken";
}

describe("dates and bytes in a state", () => {
  const make = () => ({
    at: new Date(0),
    byName: new Map([["a", { at: new Date(0) }]]),
    times: new Set([new Date(0)]),
    list: [{ bytes: new Uint8Array(2), view: new DataView(new ArrayBuffer(2)), buffer: new ArrayBuffer(1) }],
    text: Buffer.from("ab"),
    same: { n: 1 },
  });
  type State = ReturnType<typeof make>;
  const change = (draft: State): void => {
    draft.at.setTime(5);
    draft.byName.get("a")!.at.setTime(5);
    for (const time of draft.times) time.setTime(5);
    draft.list[0]!.bytes[0] = 5;
    draft.list[0]!.view.setInt8(0, 5);
    new Uint8Array(draft.list[0]!.buffer)[0] = 5;
    draft.text[0] = 5;
  };
  const shown = ({ at, byName, times, list, text }: State): unknown => [
    Number(at),
    Number(byName.get("a")!.at),
    [...times].map(Number),
    ...list.map(({ bytes, view, buffer }) => [bytes[0], view.getInt8(0), new Uint8Array(buffer)[0]]),
    text.toString("latin1"),
  ];

  it("are what they were when a handler threw, and what it made of them when it didn't", () => {
    const state = new ActorState("test", make());
    const before = shown(make());
    change(state.draft() as State); // and throws
    expect(shown(state.draft() as State)).toEqual(before);
    const draft = state.draft() as State;
    change(draft);
    const after = shown(draft);
    state.finish(draft);
    expect(shown(state.draft() as State)).toEqual(after);
    expect(after).not.toEqual(before);
    change(state.draft() as State);
    expect(shown(state.draft() as State)).toEqual(after);
    expect((state.draft() as State).text).toBeInstanceOf(Buffer);
  });

  it("are copied beside fields of any name", () => {
    const tag = Symbol("tag");
    const oddlyNamed = (): object =>
      Object.assign(JSON.parse('{"__proto__": {"n": 1}, "constructor": 2}') as object, { [tag]: 3 });
    const state = new ActorState("test", { at: new Date(0), odd: Object.assign(oddlyNamed(), { at: new Date(0) }) });
    const { odd } = state.draft() as { odd: Record<PropertyKey, unknown> };
    expect(Object.keys(odd)).toEqual(["__proto__", "constructor", "at"]);
    expect([Object.getPrototypeOf(odd), odd[tag], Object.hasOwn(odd, "__proto__")]).toEqual([
      Object.prototype,
      3,
      true,
    ]);
  });

  it("are also when a handler puts them there", () => {
    const state = new ActorState("test", { at: undefined as Date | undefined });
    const draft = state.draft() as { at: Date };
    draft.at = new Date(7);
    state.finish(draft);
    (state.draft() as { at: Date }).at.setTime(9);
    expect(Number((state.draft() as { at: Date }).at)).toBe(7);
  });
});

describe("a state", () => {
  it("is refused with what a handler could change for good, and where", () => {
    expect(refusal(() => new ActorState("test", { list: [new Map([["a", new Account()]])] }))).toEqual([
      "list.0.a",
      "an instance of Account",
    ]);
    const state = new ActorState("test", { any: undefined as unknown, n: 0 });
    for (const [value, path, received] of [
      [new Account(), "any", "an instance of Account"],
      [{ deep: [new AbortController()] }, "any.deep.0", "an instance of AbortController"],
      [new Uint8Array(new SharedArrayBuffer(1)), "any", "an instance of Uint8Array over shared memory"],
    ] as const) {
      const draft = state.draft() as { any: unknown; n: number };
      draft.any = value;
      draft.n++;
      expect(refusal(() => state.finish(draft))).toEqual([path, received]);
      expect(state.draft()).toEqual({ any: undefined, n: 0 });
    }
  });

  it("takes what doesn't change", () => {
    const end = (): void => undefined;
    expect(refusal(() => new ActorState("test", { end, account: Object.freeze(new Account()), big: 1n }))).toBe(
      "taken",
    );
  });

  it("is refused with a part of a draft that has ended, and where", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    const state = new ActorState("test", { kept: { items: [] as unknown[] } });
    const draft = state.draft() as { kept: { items: unknown[] } };
    draft.kept.items.push(1, proxy);
    revoke();
    expect(refusal(() => state.finish(draft))).toEqual(["kept.items.1", "a part of a draft whose recipe has ended"]);
    const other = state.draft() as { kept: { items: unknown } };
    other.kept.items = createDraft({ n: 1 });
    expect(refusal(() => state.finish(other))).toMatchObject([
      "kept.items",
      expect.stringContaining("a part of a draft"),
    ]);
  });
});
