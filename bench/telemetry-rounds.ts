/** A process that runs a round of idle runs for each line that it reads, and says how many there were for a second of processor time. */

import { createInterface } from "node:readline";
import { createSystem } from "troupe";
import { idling } from "./telemetry-actors.ts";

const warmUp = 200;
const count = 3_000;
const inFlight = 32;

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "round") throw new Error(`there is nothing to do that is called ${line}`);
  await using system = await createSystem({ threads: 1 });
  const runs = async (of: number): Promise<void> => {
    let left = of;
    const next = async (): Promise<void> => {
      while (left-- > 0) await system.run(idling, { n: 0 }).result;
    };
    await Promise.all(Array.from({ length: inFlight }, next));
  };
  await runs(warmUp);
  const before = process.cpuUsage();
  await runs(count);
  const { user, system: kernel } = process.cpuUsage(before);
  console.log((count * 1e6) / (user + kernel));
}
