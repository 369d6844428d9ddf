/** MLflow: its server, and what it has kept, by its own API. */

import { join } from "node:path";
import * as v from "valibot";
import { pythonWith } from "./python.ts";
import { type Server, startServer } from "./server.ts";

const texts = v.optional(v.record(v.string(), v.string()), {});

const Value = v.object({
  string_value: v.optional(v.string()),
  int_value: v.optional(v.number()),
  double_value: v.optional(v.number()),
  bool_value: v.optional(v.boolean()),
  array_value: v.optional(v.object({ values: v.optional(v.array(v.unknown()), []) })),
  kvlist_value: v.optional(v.object({ values: v.optional(v.array(v.unknown()), []) })),
});

/** A value of OpenTelemetry's as one of JavaScript's. */
function plain(given: unknown): unknown {
  const { array_value, kvlist_value, ...simple } = v.parse(Value, given);
  if (array_value !== undefined) return array_value.values.map(plain);
  if (kvlist_value !== undefined) return Object.fromEntries(kvlist_value.values.map(keyValue));
  return Object.values(simple)[0];
}

function keyValue(given: unknown): readonly [string, unknown] {
  const { key, value } = v.parse(v.object({ key: v.string(), value: v.unknown() }), given);
  return [key, plain(value)];
}

const KeyValues = v.pipe(
  v.optional(v.array(v.unknown()), []),
  v.transform((pairs): Readonly<Record<string, unknown>> => Object.fromEntries(pairs.map(keyValue))),
);

const Id = v.pipe(
  v.string(),
  v.transform((base64) => Buffer.from(base64, "base64").toString("hex")),
);

const milliseconds = v.pipe(
  v.number(),
  v.transform((nanoseconds) => nanoseconds / 1e6),
);

/** A span as MLflow returns it: the JSON of OpenTelemetry's own message. */
const KeptSpan = v.pipe(
  v.object({
    span_id: Id,
    parent_span_id: v.optional(Id),
    name: v.string(),
    start_time_unix_nano: milliseconds,
    end_time_unix_nano: milliseconds,
    status: v.object({ code: v.optional(v.string()) }),
    attributes: KeyValues,
    events: v.optional(v.array(v.object({ name: v.string(), attributes: KeyValues })), []),
    links: v.optional(v.array(v.object({ trace_id: Id, span_id: Id, attributes: KeyValues })), []),
  }),
  v.transform(({ span_id, parent_span_id, start_time_unix_nano, end_time_unix_nano, status, links, ...span }) => ({
    ...span,
    spanId: span_id,
    parentId: parent_span_id,
    start: start_time_unix_nano,
    end: end_time_unix_nano,
    isError: status.code === "STATUS_CODE_ERROR",
    links: links.map(({ trace_id, span_id: spanId, attributes }) => ({ traceId: trace_id, spanId, attributes })),
  })),
);
export type KeptSpan = v.InferOutput<typeof KeptSpan>;

const Info = v.object({
  trace_id: v.string(),
  state: v.string(),
  execution_duration: v.optional(v.string()),
  trace_metadata: texts,
  tags: texts,
  request_preview: v.optional(v.string()),
  response_preview: v.optional(v.string()),
});
const Found = v.object({ traces: v.optional(v.array(Info), []), next_page_token: v.optional(v.string()) });
const Whole = v.object({ trace: v.object({ spans: v.optional(v.array(KeptSpan), []) }) });

export interface Kept {
  /** In hexadecimal digits. */
  readonly traceId: string;
  /** `OK`, `ERROR` or `IN_PROGRESS`. */
  readonly state: string;
  /** In milliseconds; MLflow has whole ones. */
  readonly duration: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly spans: readonly KeptSpan[];
}

export interface Mlflow extends Server {
  /** Makes an experiment and returns its number. */
  experiment(name: string): Promise<string>;
  /** All traces of an experiment with their spans; `filter` in MLflow's words. */
  traces(experiment: string, filter?: string): Promise<readonly Kept[]>;
}

export async function startMlflow(folder: string): Promise<Mlflow> {
  const server = await startServer({
    program: join(pythonWith("mlflow", "mlflow>=3.17"), "mlflow"),
    arguments: (port) => [
      "server",
      ...["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`, "--artifacts-destination", folder],
      ...["--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
    ],
    environment: () => ({ MLFLOW_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "true" }),
    health: "/health",
    folder,
  });
  const ask = async <S extends v.GenericSchema>(schema: S, path: string, body?: unknown): Promise<v.InferOutput<S>> => {
    const response = await fetch(`${server.url}/api/${path}`, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: { "content-type": "application/json" },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return v.parse(schema, await response.json());
  };
  const whole = async (info: v.InferOutput<typeof Info>): Promise<Kept> => {
    const { trace } = await ask(Whole, `3.0/mlflow/traces/get?trace_id=${info.trace_id}`);
    return {
      traceId: info.trace_id.replace(/^tr-/, ""),
      state: info.state,
      duration: Number.parseFloat(info.execution_duration ?? "NaN") * 1_000,
      metadata: info.trace_metadata,
      input: info.request_preview,
      output: info.response_preview,
      spans: trace.spans,
    };
  };
  return {
    ...server,
    async experiment(name) {
      const made = v.object({ experiment_id: v.string() });
      return (await ask(made, "2.0/mlflow/experiments/create", { name })).experiment_id;
    },
    async traces(experiment, filter) {
      const kept: Kept[] = [];
      for (let page: string | undefined = ""; page !== undefined;) {
        const found: v.InferOutput<typeof Found> = await ask(Found, "3.0/mlflow/traces/search", {
          locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experiment } }],
          max_results: 100,
          ...(filter === undefined ? {} : { filter }),
          ...(page === "" ? {} : { page_token: page }),
        });
        kept.push(...(await Promise.all(found.traces.map(whole))));
        page = found.next_page_token;
      }
      return kept;
    },
  };
}
