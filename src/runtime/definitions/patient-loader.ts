/** Loads definitions within a time: a module with a top-level await that never settles would be waited for without end. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import { definitionId, type DefinitionId, type DefinitionLoader, keyOf } from "./definition-loader.ts";
import type { DefinitionKind } from "./is-definition.ts";

/**
 * In how many parts the time is counted. A thread without a processor gets its timers late, and a late timer still counts as one
 * part: so time in which the thread couldn't go on hardly counts.
 */
const parts = 10;

/** A load that was waited for in vain. It may end after all. */
type Waiting = "in time" | "late";

/**
 * Loads with `loader`, and fails as `module-failed` after `loadTimeout` milliseconds; at once if an earlier load of the same
 * definition failed so and its import has not ended since. The import goes on, and later loads get its result.
 */
export function patientLoader(loader: DefinitionLoader, clock: Clock, loadTimeout: number): DefinitionLoader {
  const waiting = new Map<string, Waiting>();
  const loaded = new Set<string>();

  const within = <T>(id: DefinitionId, key: string, loading: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      let left = waiting.get(key) === "late" ? 0 : parts;
      const tick = (): void => {
        if (left-- > 0) {
          timer = clock.setTimer(loadTimeout / parts, tick);
          return;
        }
        waiting.set(key, "late");
        reject(loadedTooLong(id, loadTimeout));
      };
      if (!waiting.has(key)) waiting.set(key, "in time");
      const over = (): void => {
        timer?.cancel();
        waiting.delete(key);
      };
      loading.then(
        (definition) => {
          over();
          loaded.add(key);
          resolve(definition);
        },
        (error: unknown) => {
          over();
          reject(error);
        },
      );
      tick();
    });

  return {
    load<K extends DefinitionKind>(id: DefinitionId<K>) {
      const key = keyOf(id);
      const loading = loader.load(id);
      return loaded.has(key) || loadTimeout === Number.POSITIVE_INFINITY ? loading : within(id, key, loading);
    },
    remember(definition) {
      loaded.add(keyOf(definitionId(definition)));
      loader.remember(definition);
    },
  };
}

function loadedTooLong(id: DefinitionId, loadTimeout: number): TroupeError {
  return new TroupeError(
    "module-failed",
    `can't load ${id.module} for the ${id.kind} ${id.name}: it did not load within ${loadTimeout} ms. An await at its top, or at that of a ` +
      "module that it imports, has not settled; or the machine is too busy to compile it. Connect when the first message comes, or raise loadTimeout.",
    { details: { kind: id.kind, module: id.module, name: id.name } },
  );
}
