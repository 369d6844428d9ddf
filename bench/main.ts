/** `npm run bench [-- TOPIC…] [--json] [--compare FILE] [--against DIR]`: measures, and prints a table or a line of JSON for each figure. */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { callsTopic } from "./calls.ts";
import { credit } from "./credit.ts";
import { contention } from "./contention.ts";
import { failures } from "./failures.ts";
import { fan } from "./fan.ts";
import { compareFigures, formatFigures } from "../src/bench/figures-text.ts";
import { type Figure, figuresIn } from "../src/bench/figure.ts";
import { inspector } from "./inspector.ts";
import { messages } from "./messages.ts";
import { overload } from "./overload.ts";
import { postgres } from "./postgres.ts";
import { loops } from "./loops.ts";
import { races } from "./races.ts";
import { savina } from "./savina.ts";
import { startsTopic } from "./starts.ts";
import { items } from "./items.ts";
import { steps } from "./steps.ts";
import { store } from "./store.ts";
import { streamsTopic } from "./streams.ts";
import { queues } from "./queues.ts";
import { switching } from "./switching.ts";
import { systems } from "./systems.ts";
import { telemetry } from "./telemetry.ts";
import { waits } from "./waits.ts";

const topics = [
  messages,
  fan,
  contention,
  callsTopic,
  streamsTopic,
  systems,
  startsTopic,
  failures,
  store,
  postgres,
  credit,
  steps,
  switching,
  items,
  queues,
  loops,
  waits,
  overload,
  races,
  savina,
  telemetry,
  inspector,
];
const names = topics.map(({ name }) => name).join(", ");

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: "boolean" },
      compare: { type: "string" },
      against: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
    allowPositionals: true,
  });
  if (values.help === true) {
    console.log(
      `npm run bench [-- TOPIC… --json --compare FILE --against DIR]\n\nTopics: ${names}; all unless named.\n--compare FILE: beside the figures that --json printed into a file before\n--against DIR: telemetry alone, this version against the one that is built in DIR`,
    );
    return 0;
  }
  const unknown = positionals.filter((name) => !topics.some((topic) => topic.name === name));
  if (unknown.length > 0) {
    console.error(`there is no topic ${unknown.join(", ")}; there are ${names}`);
    return 2;
  }
  const chosen = topics.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  // before anything is measured: a file that can't be read is known at once
  const before = values.compare === undefined ? undefined : figuresIn(readFileSync(values.compare, "utf8"));
  const figures: Figure[] = [];
  for (const topic of chosen) {
    if (values.json !== true) console.error(`${topic.name}: ${topic.about}\n`);
    const measured = await topic.run(values.against);
    figures.push(...measured);
    if (values.json === true) for (const figure of measured) console.log(JSON.stringify(figure));
  }
  if (values.json !== true) console.log(formatFigures(figures));
  // on the side where the lines of JSON are read by programs
  if (before !== undefined)
    (values.json === true ? console.error : console.log)(`\n${compareFigures(before, figures)}`);
  return 0;
}

process.exitCode = await main();
