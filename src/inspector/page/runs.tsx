/** The list of runs, by what is asked of them; and a form to start one. */

import type { RunsData } from "../views/runs.ts";
import { useLive } from "./live.ts";
import { jsonIn, Order } from "./order.tsx";
import { Empty, RunLink, Shows, Status, Table, Time } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { count, duration } from "./words.ts";

type Given = Readonly<Record<string, string>>;

const pageSize = 100;
const statuses = [
  ...["open", "running", "compensating", "completed", "failed", "cancelled"],
  ...["undone", "compensation-failed", "resolved", "refused"],
];

export function Runs({ given }: { readonly given: Given }) {
  const offset = Number(given["offset"] ?? 0);
  const seen = useLive<RunsData>("runs", { ...given, offset, limit: pageSize });
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
          {data.selected === 0 ? <NoRuns isFiltered={data.total > 0} /> : <List of={data} />}
          <Pages given={given} offset={offset} selected={data.selected} />
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
    const { offset: _, ...rest } = given;
    location.hash = hrefOf("runs", { ...rest, [name]: value });
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
      {text("waitingFor", "Waits for")}
      {text("tenant", "Tenant")}
      {moment("since", "Changed since")}
      {moment("until", "Changed until")}
    </form>
  );
}

function List({ of: { runs } }: { readonly of: RunsData }) {
  return (
    <Table caption="Runs" heads={["Run", "Workflow", "Status", "Steps", "Waits for", "Failed", "Took", "Changed"]}>
      {runs.map((one) => (
        <tr key={one.run}>
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
          <td>{one.asks.join(", ")}</td>
          <td>
            {one.failed}
            {one.code === undefined ? "" : ` (${one.code})`}
          </td>
          <td class="short">{one.started === undefined ? "" : duration(one.changed - one.started)}</td>
          <td class="short">
            <Time at={one.changed} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Pages({
  given,
  offset,
  selected,
}: {
  readonly given: Given;
  readonly offset: number;
  readonly selected: number;
}) {
  if (selected <= pageSize) return null;
  const at = (to: number): string => hrefOf("runs", { ...given, offset: to === 0 ? undefined : to });
  return (
    <nav class="pages" aria-label="Pages of runs">
      {offset === 0 ? null : <a href={at(Math.max(0, offset - pageSize))}>Newer</a>}
      <span>
        {(offset + 1).toLocaleString("en")} to {Math.min(offset + pageSize, selected).toLocaleString("en")}
      </span>
      {offset + pageSize >= selected ? null : <a href={at(offset + pageSize)}>Older</a>}
    </nav>
  );
}
