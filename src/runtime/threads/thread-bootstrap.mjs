/**
 * What piscina loads in a new thread, in plain JavaScript so that it loads anywhere: sees to it that TypeScript can be
 * imported, where it has to be, and hands over to the entry.
 */

import * as module from "node:module";

/** @type {Promise<void> | undefined} */
let registration;

/**
 * Imports a module; TypeScript through tsx where Node.js does not load it by itself (before 22.18).
 * @param {string} url
 * @returns {Promise<object>}
 */
async function importModule(url) {
  if (/\.m?ts$/.test(new URL(url).pathname) && !Reflect.get(process.features, "typescript")) {
    registration ??= import("tsx/esm/api").then(({ register }) => void register());
    try {
      await registration;
    } catch (cause) {
      throw new Error("this version of Node.js does not load TypeScript: install tsx, or compile the module first", {
        cause,
      });
    }
  }
  return import(url);
}

/**
 * @param {import("./thread-entry.ts").ThreadTask} task
 * @returns {Promise<void>}
 */
export default async function run(task) {
  if (task.compileCache !== undefined)
    /** @type {{ enableCompileCache?(folder: string): unknown }} */ (module).enableCompileCache?.(task.compileCache);
  const entry = /** @type {typeof import("./thread-entry.ts")} */ (await importModule(task.entry));
  return entry.runThread(task, importModule);
}
