/** `troupe trace`: where the time of a run went, as a tree of spans, for a terminal or for a backend of traces. */

import { PayloadCodec } from "../../contracts/payload-codec.ts";
import { looking } from "../../inspector/inspector.ts";
import { recordedPage } from "../../inspector/recording/recorded-page.ts";
import { recordRun } from "../../inspector/recording/record-run.ts";
import { SpanMemory } from "../../inspector/source/span-memory.ts";
import { nodeClock } from "../../runtime/platform/node-clock.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { otlpJson } from "../../traces/otlp-json.ts";
import { recordsOf } from "../../workflows/history/run-history.ts";
import { runOf, runState } from "../../workflows/history/run-state.ts";
import { spansOf } from "../../workflows/history/spans-of-run.ts";
import { exitCodes, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import type { Terminal } from "../command/terminal.ts";
import { readText } from "../input/read-text.ts";
import { spansOfRunIn } from "../input/spans-file.ts";
import type { Span } from "../../traces/span.ts";
import type { Command } from "../command/command.ts";
import { findRun } from "../journal/find-runs.ts";
import { withStore } from "../journal/open-store.ts";
import { painter } from "../output/paint.ts";
import { traceLines } from "../output/trace-text.ts";

export const trace: Command = {
  name: "trace",
  summary: "show where the time of a run went, or export it as a trace",
  flags: {
    journal: { type: "string" },
    spans: { type: "string" },
    format: { type: "string" },
    content: { type: "string" },
    service: { type: "string" },
  },
  read(given) {
    const [id = ""] = given.named("ID");
    const file = given.optional("spans", "--spans FILE");
    const isGiven = given.text("journal") !== undefined;
    if (file === undefined && !isGiven) throw given.wrong("--journal DIR is missing, or --spans FILE");
    const journal = isGiven ? journalOf(given) : undefined;
    const format = given.choice("format", ["text", "json", "otlp", "html"]);
    const content = given.choice("content", ["none", "all"]);
    const service = given.text("service") ?? "troupe";
    if (format === "html" && journal === undefined)
      throw new TroupeError(
        "invalid-options",
        "trace: --format html shows what a journal has: give --journal DIR, too",
      );
    const print = async (spans: readonly Span[], terminal: Terminal): Promise<number> => {
      if (format === "json") await terminal.print(JSON.stringify(spans));
      else if (format === "otlp") await terminal.print(JSON.stringify(otlpJson(spans, { "service.name": service })));
      else for (const line of traceLines(spans, painter(terminal.colours))) await terminal.print(line);
      return 0;
    };
    return async (terminal, ports) => {
      const recorded = file === undefined ? [] : spansOfRunIn(await readText(file, terminal.cwd), file, id);
      if (journal === undefined) return print(recorded, terminal);
      return withStore({ journal, mode: "read" }, terminal, ports, async ({ store, authority }) => {
        await findRun(store, id);
        if (format === "html") {
          await terminal.print((await pageOf(id, journal, authority, recorded, content)).trimEnd());
          return 0;
        }
        const codec = new PayloadCodec({ maxBytes: Number.MAX_SAFE_INTEGER });
        const versions = (await store.history(runState, id, { order: "oldest-first" })).map(runOf);
        const spans = spansOf(recordsOf(id, versions, codec), { content });
        const known = new Set(spans.map(({ spanId }) => spanId));
        return print([...spans, ...recorded.filter(({ spanId }) => !known.has(spanId))], terminal);
      });
    };
  },
  help: `troupe trace: show where the time of a run went, or export it as a trace

Usage:
  troupe trace --journal DIR ID [options]
  troupe trace --spans FILE ID [options]

Options:
  --spans FILE      what a system has recorded with traceFile: what happened inside of agents, also which versions they read
  --format FORMAT   text (default), a tree of spans with bars; json, an array of spans; otlp, the JSON that backends of
                    OpenTelemetry take at /v1/traces; or html, a page with all that there is of the run, and of the states
                    that it wrote, in one file that needs nothing else
  --content WHAT    none (default), or all: with inputs, outputs, messages of errors and what people wrote; of html
                    also with states
  --service NAME    the service.name of an otlp trace (default: troupe)
${journalHelp}

The trace is made from the history of the run, whether or not anything recorded it at the time: a span for the run, for each step from
when it could start, for each attempt, and for each compensation. Its ids are always the same. A run that goes on has no root span in an
otlp trace yet: export it again when it has ended, and the backend has one trace.

${exitCodes}`,
};

/** The inspector's page, with one run in it. */
async function pageOf(
  id: string,
  path: string,
  authority: StoreAuthority,
  recorded: readonly Span[],
  content: "none" | "all",
): Promise<string> {
  const inspected = { kind: "journal", journal: path, workflows: [], reader: () => authority } as const;
  const spans = new SpanMemory();
  spans.take(recorded);
  const at = looking(inspected, { content: { content }, isReadOnly: true }, { clock: nodeClock(), spans });
  return recordedPage(await recordRun(at, id));
}
