/** Imports a user's module into the main thread, as `runtime/thread-bootstrap.mjs` does in the others. */

/**
 * Imports a module; TypeScript through tsx where Node.js does not load it by itself (before 22.18).
 *
 * @throws Error when it would need tsx and there is none; or whatever the module throws.
 */
export async function importModule(url: string): Promise<object> {
  if (/\.m?ts$/.test(new URL(url).pathname) && !loadsTypeScript()) {
    try {
      const { register } = await import("tsx/esm/api");
      register();
    } catch (cause) {
      throw new Error("this version of Node.js does not load TypeScript: install tsx, or compile the module first", {
        cause,
      });
    }
  }
  try {
    return (await import(url)) as object;
  } catch (cause) {
    if ((cause as { code?: unknown } | null)?.code !== "ERR_REQUIRE_CYCLE_MODULE") throw cause;
    const help = `add "type": "module" to its package.json, or call the file .mts`;
    throw new Error(`it is taken for CommonJS; ${help}`, { cause });
  }
}

function loadsTypeScript(): boolean {
  return Boolean(Reflect.get(process.features, "typescript"));
}
