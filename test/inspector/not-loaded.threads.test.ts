/** What a process loads of the inspector: nothing, unless it opens one. */

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

/** The source files of all that a process with a system has loaded on any thread, as its coverage tells. */
async function loadedWith(options: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "loaded-"));
  try {
    const code = `import { createSystem } from "troupe"; await (await createSystem(${options})).close();`;
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    await run(process.execPath, ["--input-type=module", "--eval", code], { env });
    const files = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { result: { url: string }[] };
      return result.flatMap(({ url }) => (/\/dist\/[^/]+\.js$/.test(url) ? [fileURLToPath(url)] : []));
    });
    return [...new Set(files)].flatMap(sourcesOf);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sourcesOf(file: string): readonly string[] {
  const { sources } = JSON.parse(readFileSync(`${file}.map`, "utf8")) as { sources: string[] };
  return sources.map((source) => source.replace(/^(\.\.\/)+/, ""));
}

const ofInspector = (files: readonly string[]): string[] => files.filter((file) => file.startsWith("src/inspector/"));

test("a system without an inspector loads none of it, but for the check of the option", async () => {
  const loaded = await loadedWith("{ threads: 1, logger: false }");
  expect(loaded).toContain("src/runtime/system/actor-system.ts"); // it is seen what is loaded
  expect(ofInspector(loaded)).toEqual(["src/inspector/inspector-options.ts"]);
});

test("one with an inspector does", async () => {
  const loaded = await loadedWith("{ threads: 1, logger: false, inspector: { port: 0, onOpen() {} } }");
  expect(ofInspector(loaded)).toEqual(
    expect.arrayContaining(["src/inspector/inspector.ts", "src/inspector/views/views.ts"]),
  );
});
