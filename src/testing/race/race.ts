/** A race: what is played, under a name. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import type { AnyInterleaving } from "../interleave/interleaving.ts";
import type { Scenario, SimulateOptions } from "../simulator/simulate-options.ts";

/**
 * What is searched for races: a scenario with a system, or tasks that share something.
 *
 * @since 0.1.0
 */
export interface Race {
  readonly name: string;
  readonly scenario: Scenario | AnyInterleaving;
  /** As `simulate` takes them; for tasks, as `interleave` does. */
  readonly options: SimulateOptions;
}

/** Set in the global object while modules are loaded for their races alone, also by another copy of Troupe. */
const loadingRaces = Symbol.for("troupe.loading-races");

/** Loads a module for its races alone: meanwhile `raceTest` makes no test. */
export async function loadForRaces<Exports extends object>(load: () => Promise<Exports>): Promise<Exports> {
  Reflect.set(globalThis, loadingRaces, true);
  try {
    return await load();
  } finally {
    Reflect.deleteProperty(globalThis, loadingRaces);
  }
}

/** Whether what is loaded now is loaded for its races alone. */
export function isLoadedForRaces(): boolean {
  return Reflect.has(globalThis, loadingRaces);
}

/** Whether a value is what `interleave` takes: tasks that share something. */
export function isInterleaving(value: unknown): value is AnyInterleaving {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<AnyInterleaving>).shared === "function" &&
    typeof (value as Partial<AnyInterleaving>).tasks === "object"
  );
}

/**
 * A race that a module exports: what `raceTest` has returned, an object with a `scenario` and perhaps a `name` and `options`, or what
 * `interleave` takes. Undefined for anything else.
 */
function raceFrom(value: unknown, exportName: string): Race | undefined {
  if (isInterleaving(value)) return { name: exportName, scenario: value, options: {} };
  if (typeof value !== "object" || value === null || !("scenario" in value)) return undefined;
  const { scenario, name = exportName, options = {} } = value as Partial<Race>;
  if (typeof scenario !== "function" && !isInterleaving(scenario)) return undefined;
  return { name, scenario, options };
}

/** The races among the exports of a module, by the names of the exports. */
export function racesIn(exports: object): ReadonlyMap<string, Race> {
  const found = new Map<string, Race>();
  for (const [exportName, value] of Object.entries(exports)) {
    const race = raceFrom(value, exportName);
    if (race !== undefined) found.set(exportName, race);
  }
  return found;
}

/** @throws TroupeError `definition-not-found` where the module exports no such race. */
export function raceNamed(exports: object, exportName: string, module: string): Race {
  const race = raceFrom((exports as Readonly<Record<string, unknown>>)[exportName], exportName);
  if (race !== undefined) return race;
  const names = [...racesIn(exports).keys()];
  const listed = names.length === 0 ? "it exports no race" : `its races are ${names.join(", ")}`;
  throw new TroupeError("definition-not-found", `${module}: its export ${shown(exportName)} is no race; ${listed}`, {
    details: { module, name: exportName },
  });
}
