/** Imports a user's module into the main thread, as `runtime/thread-bootstrap.mjs` does in other threads. */

/**
 * Imports a module; TypeScript through tsx if Node.js does not load it by itself (before 22.18).
 *
 * @throws Error when it needs tsx and tsx isn't installed; or the module's own error.
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
 * Makes sure that all later imports of these modules work: loads tsx if one of them needs it.
 *
 * @throws Error when tsx is needed and isn't installed.
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
