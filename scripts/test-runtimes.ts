// Runs the first example of the README under Bun and Deno, from the packed package, with and without a journal on disk. Both runtimes
// come from npm into a temporary folder, so the project does not depend on them.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "troupe-runtimes-"));
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const [deposit = "", main = "", printed = ""] = [
  ...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```(?:ts|text)\n([^]*?)^```$/gm),
].map(([, code]) => code);

const durable = main
  .replace("createSystem }", "createSystem, lmdbJournal }")
  .replace("threads: 2", "threads: 2, journal: lmdbJournal(process.env.JOURNAL)");
if (!durable.includes("threads: 2, journal")) throw new Error("the README's first system has no threads: 2 any more");
/** Runtimes break lines of an object as they like. */
const words = (text: string): string => text.replace(/[\s,]/g, "");

try {
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" }),
  ) as [{ filename: string }];
  run("npm", "install", "--no-save", `./${packed.filename}`, "valibot", "bun", "deno");
  for (const [name, program] of Object.entries({ plain: main, durable })) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "deposit.ts"), deposit);
    writeFileSync(join(folder, name, "main.ts"), program);
  }
  for (const command of [["bun"], ["deno", "run", "--allow-all"]] as const) {
    for (const name of ["plain", "durable"]) {
      process.env["JOURNAL"] = join(folder, `${command[0]}-${name}`);
      const [file, ...args] = [join(folder, "node_modules/.bin", command[0]), ...command.slice(1), `${name}/main.ts`];
      const output = run(file, ...args);
      const isRight = words(output) === words(printed);
      console.log(`${command[0]}, ${name}: ${isRight ? "prints what it says" : `prints ${JSON.stringify(output)}`}`);
      if (!isRight) process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
