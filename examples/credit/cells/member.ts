/**
 * One of the processes that share the cells: `member.ts URL SCHEMA CELLS LEASE PACE`. It says a line of JSON for each of its events, takes cells until
 * it is asked to end, and hands them over then.
 */

import { createCells } from "troupe/postgres";
import { paceVariable } from "../pace.ts";
import { cellsCreditDecision } from "./cells-workflow.ts";

const [journal = "", schema = "", cells = "", lease = "", pace = "off"] = process.argv.slice(2);
process.env[paceVariable] = pace;

const shared = await createCells({
  journal,
  schema,
  cells: Number(cells),
  lease: Number(lease),
  workflows: [cellsCreditDecision],
  env: [paceVariable],
  loadTimeout: 60_000,
  logger: "error",
  shutdownOn: ["SIGTERM"],
});
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
say({ type: "member", member: shared.member });
shared.events$.subscribe({
  next: (event) =>
    say({
      ...event,
      ...("error" in event && { error: String(event.error) }),
      memory: Math.round(process.memoryUsage().rss / 2 ** 20),
    }),
  complete: () => say({ type: "ended" }),
});
