// Writes the reports on the public surface to `api/`; with `--check`, fails where they are not what is there. Reads `dist`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PublicSurface, root } from "./public-surface.ts";
import { reportOf } from "./report.ts";

const isCheck = process.argv.includes("--check");
const surface = new PublicSurface();
mkdirSync(join(root, "api"), { recursive: true });
for (const entry of surface.entries) {
  const name = `api/${entry.specifier.replace("/", "-")}.api.d.ts`;
  const report = reportOf(surface, entry);
  const known = read(name);
  if (known === report) continue;
  if (!isCheck) {
    writeFileSync(join(root, name), report);
    console.log(`${name}: written`);
    continue;
  }
  console.error(`${name} is not the public surface any more, from line ${firstDifference(known, report)} on.`);
  console.error(
    "If that is meant: npm run api, look at what git shows, and say in CHANGELOG.md what changes for users.",
  );
  process.exitCode = 1;
}

function read(name: string): string {
  try {
    return readFileSync(join(root, name), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** The number, from 1, of the first line that differs, with the line as it was and as it is. */
function firstDifference(known: string, report: string): string {
  const before = known.split("\n");
  const after = report.split("\n");
  const at = after.findIndex((line, i) => line !== before[i]);
  const line = at < 0 ? after.length : at;
  return `${line + 1} on\n- ${before[line] ?? "(its end)"}\n+ ${after[line] ?? "(its end)"}\n`;
}
