// Runs npm scripts, as many at once as there are cores: `tsx scripts/at-once.ts lint house build,package:check`. Those
// joined by commas run one after another, while they succeed. Prints each one's output whole, when it has ended, but that of a first
// one after `--live` as it comes. All of them run, also when one fails; then the command fails.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

interface Outcome {
  readonly name: string;
  readonly hasPassed: boolean;
}

const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const outcomes: Outcome[] = [];
const named = process.argv.slice(2);
const live = named[0] === "--live" ? named[1] : undefined;
const waiting = named.slice(live === undefined ? 0 : 1).map((sequence) => sequence.split(","));
if (waiting.length === 0) throw new Error("name the npm scripts that are to run");

await Promise.all(Array.from({ length: availableParallelism() }, work));
const failed = outcomes.filter(({ hasPassed }) => !hasPassed).map(({ name }) => name);
if (failed.length > 0) {
  process.stdout.write(`\nfailed: ${failed.join(", ")}\n`);
  process.exitCode = 1;
}

async function work(): Promise<void> {
  for (let sequence = waiting.shift(); sequence !== undefined; sequence = waiting.shift()) {
    for (const name of sequence) {
      const hasPassed = await run(name);
      outcomes.push({ name, hasPassed });
      if (!hasPassed) break;
    }
  }
}

async function run(name: string): Promise<boolean> {
  const startedAt = performance.now();
  const script = scripts[name];
  if (script === undefined) throw new Error(`package.json has no script ${name}`);
  // as npm would, whose own start takes as long as some of them
  const child = spawn(script, { stdio: ["ignore", "pipe", "pipe"], shell: true });
  const output: Buffer[] = [];
  const isLive = name === live;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => void (isLive ? process.stdout.write(chunk) : output.push(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (!isLive || code !== 0) process.stdout.write(`\n> ${name}: ${code === 0 ? "passed" : "FAILED"} in ${seconds} s\n`);
  process.stdout.write(Buffer.concat(output));
  return code === 0;
}
