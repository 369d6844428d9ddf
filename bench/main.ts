/** `npm run bench [-- TOPIC…] [--json] [--against DIR]`: measures, and prints a table or a line of JSON for each figure. */

import { parseArgs } from "node:util";
import { callsTopic } from "./calls.ts";
import { credit } from "./credit.ts";
import { failures } from "./failures.ts";
import { type Figure, formatFigures } from "./harness.ts";
import { inspector } from "./inspector.ts";
import { messages } from "./messages.ts";
import { overload } from "./overload.ts";
import { loops } from "./loops.ts";
import { races } from "./races.ts";
import { startsTopic } from "./starts.ts";
import { items } from "./items.ts";
import { steps } from "./steps.ts";
import { store } from "./store.ts";
import { streamsTopic } from "./streams.ts";
import { systems } from "./systems.ts";
import { telemetry } from "./telemetry.ts";
import { waits } from "./waits.ts";

const topics = [
  messages,
  callsTopic,
  streamsTopic,
  systems,
  startsTopic,
  failures,
  store,
  credit,
  steps,
  items,
  loops,
  waits,
  overload,
  races,
  telemetry,
  inspector,
];
const names = topics.map(({ name }) => name).join(", ");

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean" }, against: { type: "string" }, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (values.help === true) {
    console.log(
      `npm run bench [-- TOPIC… --json --against DIR]\n\nTopics: ${names}; all unless named.\n--against DIR: telemetry alone, this version against the one that is built in DIR`,
    );
    return 0;
  }
  const unknown = positionals.filter((name) => !topics.some((topic) => topic.name === name));
  if (unknown.length > 0) {
    console.error(`there is no topic ${unknown.join(", ")}; there are ${names}`);
    return 2;
  }
  const chosen = topics.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const figures: Figure[] = [];
  for (const topic of chosen) {
    if (values.json !== true) console.error(`${topic.name}: ${topic.about}\n`);
    const measured = await topic.run(values.against);
    figures.push(...measured);
    if (values.json === true) for (const figure of measured) console.log(JSON.stringify(figure));
  }
  if (values.json !== true) console.log(formatFigures(figures));
  return 0;
}

process.exitCode = await main();
