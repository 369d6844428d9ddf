/** The code of agents on threads is covered where `NODE_V8_COVERAGE` asks for that. */

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { builtModule } from "../../compiled-modules.ts";

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

it("is written by each thread when its system closes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "troupe-coverage-"));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    await promisify(execFile)(process.execPath, [builtModule("test/fixtures/exits.ts"), "closes"], { env });
    const module = pathToFileURL(builtModule("test/fixtures/actors.ts")).href;
    const calls = readdirSync(folder).flatMap((file) =>
      (JSON.parse(readFileSync(join(folder, file), "utf8")) as Coverage).result
        .filter(({ url }) => url === module)
        .flatMap(({ functions }) => functions.filter(({ functionName }) => functionName === "add"))
        .map(({ ranges }) => ranges[0]?.count),
    );
    expect(calls.filter((count) => count === 1)).toHaveLength(4); // the program adds once on each of four threads
  } finally {
    rmSync(folder, { recursive: true });
  }
});
