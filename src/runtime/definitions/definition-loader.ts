/** Finds a definition by its module and name. So a thread gets code that another thread can only name. */

import { caught, messageOf } from "../../errors/caught.ts";
import { type DefinitionKind, type Definitions, isDefinition } from "./is-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";

/** Names a definition across threads; plain data. */
export interface DefinitionId<K extends DefinitionKind = DefinitionKind> {
  readonly kind: K;
  /** The URL of the module that exports it. */
  readonly module: string;
  readonly name: string;
  /** Of a workflow: a run may follow an older version than the module's newest. */
  readonly version?: string;
}

export interface DefinitionLoader {
  /** @throws TroupeError (as a rejection) `module-failed` with the cause, or `definition-not-found`. */
  load<K extends DefinitionKind>(id: DefinitionId<K>): Promise<Definitions[K]>;
  /** Remembers a definition that is at hand, so that it need not be loaded here. */
  remember(definition: Definitions[DefinitionKind]): void;
}

/** The name by which other threads find a definition. */
export function definitionId<K extends DefinitionKind>({
  kind,
  module,
  name,
  version,
}: {
  kind: K;
  module: string;
  name: string;
  version?: string;
}): DefinitionId<K> {
  return kind === "workflow" && version !== undefined ? { kind, module, name, version } : { kind, module, name };
}

/** Under what a loader knows a definition. */
export function keyOf({ kind, name, module, version = "" }: DefinitionId): string {
  return `${kind} ${name} ${module} ${version}`;
}

/** Loads definitions from modules through `importModule`, each once. */
export function moduleLoader(importModule: (url: string) => Promise<object>): DefinitionLoader {
  const known = new Map<string, Promise<Definitions[DefinitionKind]>>();
  return {
    load<K extends DefinitionKind>(id: DefinitionId<K>) {
      const key = keyOf(id);
      let definition = known.get(key);
      if (definition === undefined) known.set(key, (definition = load(id, importModule)));
      return definition as Promise<Definitions[K]>;
    },
    remember(definition) {
      known.set(keyOf(definitionId(definition)), Promise.resolve(definition));
    },
  };
}

async function load(
  id: DefinitionId,
  importModule: (url: string) => Promise<object>,
): Promise<Definitions[DefinitionKind]> {
  let module: object;
  try {
    module = await importModule(id.module);
  } catch (thrown) {
    const why = messageOf(thrown);
    throw new TroupeError("module-failed", `can't load ${id.module} for the ${id.kind} ${id.name}: ${why}`, {
      cause: caught(thrown),
      details: { kind: id.kind, module: id.module, name: id.name },
    });
  }
  const definitions = Object.values(module).filter(isDefinition);
  // a module may export a workflow in several versions, and at several stages of its definition: the finished one has the most steps
  const isWanted = (one: Definitions[DefinitionKind]): number => Number("version" in one && one.version === id.version);
  const [found] = definitions
    .filter(({ kind, name }) => kind === id.kind && name === id.name)
    .toSorted((one, other) => isWanted(other) - isWanted(one) || stepsOf(other) - stepsOf(one));
  if (found !== undefined) return found;
  const others = definitions.map(({ kind, name }) => `${kind} ${name}`).join(", ") || "no definition at all";
  throw new TroupeError(
    "definition-not-found",
    `${id.module} does not export the ${id.kind} ${id.name}; it exports ${others}. Export it from the module whose import.meta.url it was given.`,
    { details: { kind: id.kind, module: id.module, name: id.name } },
  );
}

function stepsOf(definition: Definitions[DefinitionKind]): number {
  return definition.kind === "workflow" ? definition.steps.length : 0;
}
