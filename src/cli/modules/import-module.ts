/** Imports a user's module into the main thread, as `runtime/thread-bootstrap.mjs` does in the others. */

/**
 * Imports a module; TypeScript through tsx where Node.js does not load it by itself (before 22.18).
 *
 * @throws Error when it would need tsx and there is none; or whatever the module throws.
 */
export async function importModule(url: string): Promise<object> {
  await readyToImport([url]);
  try {
    return (await import(url)) as object;
  } catch (cause) {
    if ((cause as { code?: unknown } | null)?.code !== "ERR_REQUIRE_CYCLE_MODULE") throw cause;
    const help = `add "type": "module" to its package.json, or call the file .mts`;
    throw new Error(`it is taken for CommonJS; ${help}`, { cause });
  }
}

/**
 * Sees to it that modules can be imported, whoever does it: loads tsx where one of them needs it.
 *
 * @throws Error when there is no tsx.
 */
export async function readyToImport(urls: Iterable<string>): Promise<void> {
  if (loadsTypeScript() || ![...urls].some((url) => /\.m?ts([?#]|$)/.test(url))) return;
  try {
    const { register } = await import("tsx/esm/api");
    register();
  } catch (cause) {
    throw new Error("this version of Node.js does not load TypeScript: install tsx, or compile the module first", {
      cause,
    });
  }
}

function loadsTypeScript(): boolean {
  return Boolean(Reflect.get(process.features, "typescript"));
}
