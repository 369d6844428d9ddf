/** Programs of Python that the tests here use, each in a virtual environment that is kept in a cache folder. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const cache = process.env["TROUPE_PYTHON"] ?? join(homedir(), ".cache", "troupe", "python");

/** Returns the folder with the programs of an environment that has these packages; makes it, in minutes, if there is none. */
export function pythonWith(name: string, ...requirements: readonly string[]): string {
  const folder = join(cache, name);
  const programs = join(folder, "bin");
  const done = join(folder, "installed.txt"); // written last: an environment without it may be half of one
  const wanted = requirements.join("\n");
  if (existsSync(done) && readFileSync(done, "utf8") === wanted) return programs;
  console.log(`installing ${requirements.join(", ")} into ${folder}: this takes minutes`);
  mkdirSync(cache, { recursive: true });
  execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
  execFileSync(join(programs, "pip"), ["install", "--quiet", ...requirements], { stdio: "inherit" });
  writeFileSync(done, wanted);
  return programs;
}
