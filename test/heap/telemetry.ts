/** Runs with all of them traced, to a backend that is hardly ever well; and runs at which a page looks. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { createSystem } from "troupe";
import { otel } from "troupe/otel";
import { type Mood, moods, moodyBackend } from "../fixtures/moody-backend.ts";
import { smallRun } from "./fixtures/small.ts";

const options = { threads: 1, logger: false, runs: { keep: { last: 500 } } } as const;

interface Running {
  readonly one: () => Promise<unknown>;
  readonly end: () => Promise<void>;
}

/** An exporter whose backend is in another mood ten times a second: slow, refusing, silent, gone. */
export async function exported(): Promise<Running> {
  const backend = await moodyBackend(() => undefined, 50);
  let changes = 0;
  const turn = setInterval(() => (backend.mood = moods[++changes % moods.length] as Mood), 100).unref();
  const traces = otel(new OTLPTraceExporter({ url: backend.url, timeoutMillis: 200 }), { timeout: 1_000 });
  const system = await createSystem({ ...options, telemetry: { traces, sample: 1 } });
  const one = async (): Promise<void> => {
    await system.run(smallRun, { n: 1 }).result;
    if (traces.stats.waiting > 10_000) throw new Error(`${traces.stats.waiting} spans wait`);
  };
  const end = async (): Promise<void> => {
    await system.close();
    clearInterval(turn);
    const { taken = 0 } = (await system.stats()).telemetry ?? {};
    const { stats } = traces;
    console.log(`  ${taken} spans, ${stats.exported} exported, ${stats.dropped} dropped`);
    if (stats.exported + stats.dropped !== taken || stats.waiting > 0)
      throw new Error("a span is neither exported nor counted as dropped");
    await backend[Symbol.asyncDispose]();
  };
  return { one, end };
}

/** An inspector with the overview and the list of runs open, in another process. */
export async function watched(): Promise<Running> {
  const system = await createSystem({ ...options, inspector: { port: 0, onOpen: () => undefined } });
  const reader = fileURLToPath(new URL("../../bench/telemetry-reader.ts", import.meta.url));
  const pages = await Promise.all(
    ["overview", "runs"].map(async (view) => {
      const page = spawn(process.execPath, ["--import", "tsx", reader, system.inspector?.url ?? "", view], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(page.stdout, "data");
      return page;
    }),
  );
  return {
    one: () => system.run(smallRun, { n: 1 }).result,
    async end() {
      for (const page of pages) page.kill();
      await system.close();
    },
  };
}
