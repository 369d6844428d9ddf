import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLinearizability } from "../../src/checkers/check-linearizability.ts";
import { counter, type CounterInput } from "../../src/checkers/models/counter.ts";
import { keyValue, type KeyValueInput } from "../../src/checkers/models/key-value.ts";
import { lock, type LockInput } from "../../src/checkers/models/lock.ts";
import { queue, type QueueInput } from "../../src/checkers/models/queue.ts";
import { register, type RegisterInput } from "../../src/checkers/models/register.ts";
import type { Operation } from "../../src/checkers/operation.ts";
import type { SequentialModel } from "../../src/checkers/sequential-model.ts";

/** What a thing of each kind answers when it is used by one process after the other. */
type Play<State, Input, Output> = (state: State, input: Input) => readonly [State, Output];

interface Kind<State, Input, Output> {
  readonly model: SequentialModel<State, Input, Output>;
  readonly inputs: fc.Arbitrary<Input>;
  readonly outputs: fc.Arbitrary<Output>;
  readonly initial: State;
  readonly play: Play<State, Input, Output>;
}

const small = fc.integer({ min: 0, max: 2 });

const kinds = {
  register: {
    model: register<number>(0),
    inputs: fc.oneof(
      fc.constant({ f: "read" } as const),
      small.map((value) => ({ f: "write", value }) as const),
      fc.tuple(small, small).map((value) => ({ f: "cas", value }) as const),
    ),
    outputs: fc.oneof(small, fc.boolean()),
    initial: 0,
    play(state, input) {
      if (input.f === "read") return [state, state];
      if (input.f === "write") return [input.value, state];
      return state === input.value[0] ? [input.value[1], true] : [state, false];
    },
  } satisfies Kind<number, RegisterInput<number>, number | boolean>,
  counter: {
    model: counter,
    inputs: fc.oneof(
      fc.constant({ f: "read" } as const),
      fc.record({ f: fc.constantFrom("add", "add-and-get"), value: small }),
    ),
    outputs: small,
    initial: 0,
    play(count, input) {
      if (input.f === "read") return [count, count];
      return [count + input.value, count + input.value];
    },
  } satisfies Kind<number, CounterInput, number | undefined>,
  queue: {
    model: queue<number>(),
    inputs: fc.oneof(
      small.map((value) => ({ f: "enqueue", value }) as const),
      fc.constant({ f: "dequeue" } as const),
    ),
    outputs: fc.option(small),
    initial: [] as readonly number[],
    play(values, input) {
      if (input.f === "enqueue") return [values.concat(input.value), null];
      return [values.slice(1), values[0] ?? null];
    },
  } satisfies Kind<readonly number[], QueueInput<number>, number | null | undefined>,
  lock: {
    model: lock,
    inputs: fc.record({ f: fc.constantFrom("acquire", "release"), value: small }),
    outputs: fc.boolean(),
    initial: null as string | number | null,
    play(holder, { f, value }) {
      if (f === "acquire") return holder === null ? [value, true] : [holder, false];
      return holder === value ? [null, true] : [holder, false];
    },
  } satisfies Kind<string | number | null, LockInput, boolean>,
  keyValue: {
    model: keyValue,
    inputs: fc.oneof(
      fc.record({ f: fc.constant("get"), key: fc.constantFrom("a", "b") }),
      fc.record({
        f: fc.constantFrom("put", "append"),
        key: fc.constantFrom("a", "b"),
        value: fc.constantFrom("x", "y"),
      }),
    ) as fc.Arbitrary<KeyValueInput>,
    outputs: fc.constantFrom("", "x", "y", "xy"),
    initial: {} as Readonly<Record<string, string>>,
    play(state: Readonly<Record<string, string>>, input: KeyValueInput) {
      const text = state[input.key] ?? "";
      if (input.f === "get") return [state, text];
      return [{ ...state, [input.key]: input.f === "put" ? input.value : text + input.value }, ""];
    },
  },
};

/** Each process does one operation after the other; which event comes next is drawn. */
function history<Input, Output>(
  inputs: fc.Arbitrary<Input>,
  outputs: fc.Arbitrary<Output>,
  most: number,
): fc.Arbitrary<Operation<Input, Output>[]> {
  const operation = fc.record({
    process: fc.integer({ min: 0, max: 3 }),
    input: inputs,
    output: outputs,
    isKnown: fc.integer({ min: 0, max: 5 }).map((drawn) => drawn > 0),
    length: fc.integer({ min: 0, max: 8 }),
    pause: fc.integer({ min: 0, max: 3 }),
  });
  return fc.array(operation, { maxLength: most }).map((drawn) => {
    const free = new Map<number, number>();
    let next = 4;
    return drawn.map(({ process: wanted, input, output, isKnown, length, pause }) => {
      const process = (free.get(wanted) ?? 0) === Number.POSITIVE_INFINITY ? next++ : wanted;
      const called = (free.get(process) ?? 0) + pause;
      free.set(process, isKnown ? called + length : Number.POSITIVE_INFINITY);
      return isKnown ? { process, input, output, called, returned: called + length } : { process, input, called };
    });
  });
}

/** Tries all orders. */
function hasOrder<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  play: Play<State, Input, Output>,
  state: State,
  left: readonly Operation<Input, Output>[],
): boolean {
  if (left.every(({ returned }) => returned === undefined)) return true;
  return left.some((operation, at) => {
    if (left.some(({ returned }) => returned !== undefined && returned < operation.called)) return false;
    const [next, output] = play(state, operation.input);
    if (operation.returned !== undefined && !isAnswer(model, operation, output)) return false;
    return hasOrder(model, play, next, left.toSpliced(at, 1));
  });
}

/** What writes are answered says nothing, so the models take any answer to them. */
function isAnswer({ name }: { name: string }, { input, output }: Operation, right: unknown): boolean {
  const { f } = input as { f: string };
  const saysNothing: Readonly<Record<string, readonly string[]>> = {
    register: ["write"],
    counter: ["add"],
    queue: ["enqueue"],
    kv: ["put", "append"],
  };
  return saysNothing[name]?.includes(f) === true || output === right;
}

describe.each(Object.entries(kinds))("the history of a %s", (_, given) => {
  const kind = given as unknown as Kind<unknown, unknown, unknown>;

  it("is linearizable if and only if one of all orders explains it", () => {
    const seen = new Set<unknown>();
    fc.assert(
      fc.property(history(kind.inputs, kind.outputs, 6), (operations) => {
        const { linearizable } = checkLinearizability(kind.model, operations);
        seen.add(linearizable);
        expect(linearizable).toBe(hasOrder(kind.model, kind.play, kind.initial, operations));
      }),
      { numRuns: 1000 },
    );
    expect(seen).toEqual(new Set([true, false]));
  });

  it("is linearizable if each operation took effect at a moment between its call and its return", () => {
    fc.assert(
      fc.property(
        history(kind.inputs, kind.outputs, 60),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (operations, moments) => {
          const effects = operations.map((operation) => {
            const { called, returned } = operation;
            const moment = moments.next().value ?? 0;
            // of those without an answer, half never took effect
            const at = returned === undefined ? called + moment * 100 : called + moment * (returned - called);
            return { operation, at, isNever: returned === undefined && moment > 0.5 };
          });
          let state = kind.initial;
          const answers = new Map<Operation, unknown>();
          for (const { operation, isNever } of effects.toSorted((a, b) => a.at - b.at)) {
            if (isNever) continue;
            const [next, output] = kind.play(state, operation.input);
            state = next;
            answers.set(operation, output);
          }
          const answered = operations.map((operation) =>
            operation.returned === undefined ? operation : { ...operation, output: answers.get(operation) },
          );
          expect(checkLinearizability(kind.model, answered).linearizable).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("that isn't linearizable has a smaller part that isn't", () => {
    fc.assert(
      fc.property(history(kind.inputs, kind.outputs, 30), (operations) => {
        const { violation } = checkLinearizability(kind.model, operations);
        fc.pre(violation !== undefined);
        const part = [...(violation?.operations ?? []), ...(violation?.others ?? [])];
        expect(checkLinearizability(kind.model, part).linearizable).toBe(false);
        expect(part.length).toBeLessThanOrEqual(operations.length);
        expect(violation?.operations).toContain(violation?.last);
        // without the last answer, an order explains the rest
        const { last } = violation ?? {};
        const before = part.flatMap((one) =>
          one === last ? [{ process: one.process, input: one.input, called: one.called }] : [one],
        );
        expect(checkLinearizability(kind.model, before).linearizable).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
