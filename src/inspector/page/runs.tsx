/** The list of runs, by what is asked of them; and a form to start one. */

import { useState } from "preact/hooks";
import type { RunsData, WaitKind } from "../views/runs.ts";
import { useLive } from "./live.ts";
import { jsonIn, Order } from "./order.tsx";
import { Empty, RunLink, Shows, Status, Time } from "./parts.tsx";
import { Rows, rowsAtOnce } from "./rows.tsx";
import { hrefOf } from "./route.ts";
import { count, duration, visible } from "./words.ts";

type Given = Readonly<Record<string, string>>;

const statuses = [
  ...["open", "running", "compensating", "completed", "failed", "cancelled"],
  ...["undone", "compensation-failed", "resolved", "refused"],
];

const waitKinds: readonly WaitKind[] = ["answer", "time", "queue", "breaker", "agent", "person"];

export function Runs({ given }: { readonly given: Given }) {
  const [offset, want] = useState(0);
  const filter = JSON.stringify(given); // for another one, the list begins at its top
  const seen = useLive<RunsData>("runs", { ...given, offset, limit: rowsAtOnce });
  return (
    <Shows seen={seen}>
      {(data) => (
        <>
          <Filter given={given} workflows={data.workflows} />
          <p role="status">
            {data.selected === data.total
              ? count(data.total, "run")
              : `${data.selected.toLocaleString("en")} of ${count(data.total, "run")}`}
            , those that changed last first
          </p>
          {data.selected === 0 ? <NoRuns isFiltered={data.total > 0} /> : <List key={filter} of={data} want={want} />}
          {data.startable.length === 0 ? null : (
            <section aria-labelledby="start">
              <h2 id="start">Start a run</h2>
              <Order
                name="run"
                label="Start"
                fields={[
                  { name: "workflow", label: "Workflow", choices: data.startable },
                  { name: "input", label: "Input, as JSON", isLong: true, otherwise: "{}" },
                  { name: "id", label: "Id (optional)", isOptional: true },
                ]}
                body={({ workflow, input = "", id = "" }) => ({
                  workflow,
                  input: jsonIn(input),
                  ...(id === "" ? {} : { id }),
                })}
                done={({ run }) => void (location.hash = hrefOf("run", { id: String(run) }))}
              />
            </section>
          )}
        </>
      )}
    </Shows>
  );
}

function NoRuns({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty>
        No run is like that. <a href={hrefOf("runs")}>Show all runs</a>.
      </Empty>
    );
  return (
    <Empty>
      No run yet. <code>system.run(workflow, input)</code> starts one, and <code>troupe run</code> one for each line of
      a file.
    </Empty>
  );
}

function Filter({ given, workflows }: { readonly given: Given; readonly workflows: readonly string[] }) {
  const set = (name: string, value: string): void => {
    location.hash = hrefOf("runs", { ...given, [name]: value });
  };
  const choice = (name: string, label: string, choices: readonly string[]) => (
    <label>
      {label}
      <select value={given[name] ?? ""} onChange={(event) => set(name, event.currentTarget.value)}>
        <option value="">any</option>
        {choices.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
  const text = (name: string, label: string) => (
    <label>
      {label}
      <input
        type="search"
        value={given[name] ?? ""}
        data-first={name === "text"}
        onChange={(event) => set(name, event.currentTarget.value)}
      />
    </label>
  );
  const moment = (name: string, label: string) => (
    <label>
      {label}
      <input
        type="datetime-local"
        onChange={(event) => {
          const { value } = event.currentTarget;
          set(name, value === "" ? "" : String(new Date(value).getTime()));
        }}
      />
    </label>
  );
  return (
    <form class="filter" role="search" aria-label="Runs" onSubmit={(event) => event.preventDefault()}>
      {text("text", "Id contains")}
      {choice("status", "Status", statuses)}
      {choice("workflow", "Workflow", workflows)}
      {choice("waits", "Waits for", waitKinds)}
      {text("waitingFor", "With the step")}
      {text("tenant", "Tenant")}
      {moment("since", "Changed since")}
      {moment("until", "Changed until")}
    </form>
  );
}

const heads = ["Run", "Workflow", "Status", "Steps", "Waits for", "Failed", "Took", "Changed"];

interface ListProps {
  readonly of: RunsData;
  want(offset: number): void;
}

function List({ of: { runs, selected, offset }, want }: ListProps) {
  return (
    <Rows
      caption="Runs"
      heads={heads}
      total={selected}
      rows={runs}
      offset={offset}
      want={want}
      keyOf={({ run }) => run}
    >
      {(one) => (
        <>
          <th scope="row">
            <RunLink run={one.run} />
          </th>
          <td>{one.workflow}</td>
          <td>
            <Status of={one.status} />
          </td>
          <td>
            {one.finished}/{one.steps}
          </td>
          <td>{one.waits.map(({ step, for: kind }) => `${visible(step)} (${kind})`).join(", ")}</td>
          <td>
            {one.failed}
            {one.code === undefined ? "" : ` (${one.code})`}
          </td>
          <td>{one.started === undefined ? "" : duration(one.changed - one.started)}</td>
          <td>
            <Time at={one.changed} />
          </td>
        </>
      )}
    </Rows>
  );
}
