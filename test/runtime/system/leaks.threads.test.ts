/** Closed systems and ended threads leave nothing behind. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("fixtures/leaves.mjs", import.meta.url));

it.each(["systems", "threads whose actor was stopped", "threads that died"])(
  "of %s, no object is left",
  async (program) => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, program]);
    expect(JSON.parse(stdout)).toEqual({ ActorSystem: 0, Piscina: 0, RunHandle: 0 });
  },
);
