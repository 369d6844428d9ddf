/** `Math.random` and the chance of `node:crypto` and `crypto`, by the seed. */

import nodeCrypto from "node:crypto";
import type { SeededRandom } from "../schedules/seeded-random.ts";
import type { RunNow, SourcesOfRun, StandIn } from "./sources-of-run.ts";

type Told<T> = (error: null, value: T) => void;

export function chanceStandIns(run: RunNow): StandIn[] {
  const { crypto } = globalThis;
  const real = {
    random: Math.random,
    uuid: crypto.randomUUID.bind(crypto),
    fill: crypto.getRandomValues.bind(crypto),
    ...nodeCrypto,
  };
  const uuid = (...given: unknown[]): string => {
    const now = run();
    return now === undefined ? (real.uuid as (...all: unknown[]) => string)(...given) : uuidOf(now.random);
  };
  const values = <T extends ArrayBufferView>(array: T): T => {
    const now = run();
    if (now === undefined) return real.fill(array as never);
    fill(now.random, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return array;
  };
  return [
    { holder: Math, key: "random", value: () => run()?.random.next() ?? real.random() },
    { holder: crypto, key: "randomUUID", value: uuid },
    { holder: crypto, key: "getRandomValues", value: values },
    { holder: nodeCrypto, key: "randomUUID", value: uuid },
    { holder: nodeCrypto, key: "getRandomValues", value: values },
    {
      holder: nodeCrypto,
      key: "randomBytes",
      value: drawnBy(run, real.randomBytes as never, (random, size: number) => {
        const bytes = Buffer.alloc(size);
        fill(random, bytes);
        return bytes;
      }),
    },
    {
      holder: nodeCrypto,
      key: "randomInt",
      value: drawnBy(run, real.randomInt as never, (random, from: number, to?: number) =>
        to === undefined ? random.below(from) : from + random.below(to - from),
      ),
    },
    ...["randomFill", "randomFillSync"].map((key) => ({
      holder: nodeCrypto,
      key,
      value: drawnBy(
        run,
        real[key as "randomFillSync"] as never,
        (random, into: ArrayBufferView | ArrayBuffer, offset: number = 0, size?: number) => {
          const bytes = ArrayBuffer.isView(into)
            ? new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
            : new Uint8Array(into);
          fill(random, bytes.subarray(offset, size === undefined ? undefined : offset + size));
          return into;
        },
      ),
    })),
  ];
}

/** A function of `node:crypto` that takes a callback at last, or returns what it draws. The callback is called in a step of its own. */
function drawnBy<Given extends unknown[], T>(
  run: RunNow,
  real: (...given: unknown[]) => unknown,
  draw: (random: SeededRandom, ...given: Given) => T,
): (...given: unknown[]) => unknown {
  return (...given) => {
    const now: SourcesOfRun | undefined = run();
    const told = given.at(-1);
    const isTold = typeof told === "function";
    if (now === undefined || (isTold && now.timers === undefined)) return real(...given);
    const drawn = draw(now.random, ...((isTold ? given.slice(0, -1) : given) as Given));
    if (!isTold) return drawn;
    now.timers?.soon(() => (told as Told<T>)(null, drawn));
    return undefined;
  };
}

function fill(random: SeededRandom, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
}

/** A UUID of version 4. */
function uuidOf(random: SeededRandom): string {
  const bytes = Array.from({ length: 16 }, () => random.below(256));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.map((one) => one.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
