/** How much there is, how fast it goes, and what needs a person. */

import type { OverviewData, Pace } from "../views/overview.ts";
import { useLive } from "./live.ts";
import { Order } from "./order.tsx";
import { Empty, Events, Shows, Status } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { shortNumber, count, duration } from "./words.ts";

export function Overview() {
  const seen = useLive<OverviewData>("overview");
  return (
    <Shows seen={seen}>
      {(data) => (
        <>
          <section aria-labelledby="concerns">
            <h2 id="concerns">What needs attention</h2>
            {data.concerns.length === 0 ? (
              <Empty>
                Nothing. Runs that wait for a person, open breakers, deaths of threads and lost messages are listed
                here.
              </Empty>
            ) : (
              <ul class="concerns">
                {data.concerns.map(({ kind, text, at }) => (
                  <li key={kind} class={kind === "answer" ? "warn" : "bad"}>
                    <a href={at}>{text}</a>
                  </li>
                ))}
              </ul>
            )}
          </section>
          <dl class="figures">
            <Figure label="runs" value={data.runs.total} />
            {data.figures === undefined ? null : (
              <>
                <Figure label="in flight" value={data.figures.runs.inFlight} />
                <Figure label="waiting for their turn" value={data.figures.runs.waiting} />
                <Figure label="actors" value={data.figures.actors} />
                <Figure label="messages in mailboxes" value={data.figures.waiting} />
                <Figure label="threads" value={data.figures.threads.length} />
              </>
            )}
            {data.usage.input + data.usage.output === 0 ? null : (
              <Figure label="tokens recorded in the last minute" value={data.usage.input + data.usage.output} />
            )}
            {data.usage.cost === 0 ? null : <Figure label="their cost" value={shortNumber(data.usage.cost)} />}
            <Figure label="commits" value={data.position} />
            {data.pace.median === undefined ? null : (
              <Figure label="median time of a run" value={duration(data.pace.median)} />
            )}
            {data.pace.p95 === undefined ? null : <Figure label="95 of 100 within" value={duration(data.pace.p95)} />}
          </dl>
          <section aria-labelledby="pace">
            <h2 id="pace">Runs that ended in the last minute</h2>
            <PaceChart of={data.pace} />
          </section>
          <section aria-labelledby="by-status">
            <h2 id="by-status">Runs by status</h2>
            {data.runs.total === 0 ? (
              <Empty>
                No run yet. <code>system.run(workflow, input)</code> starts one.
              </Empty>
            ) : (
              <ul class="chips">
                {Object.entries(data.runs.byStatus).map(([status, runs]) => (
                  <li key={status}>
                    <a href={hrefOf("runs", { status })}>
                      <Status of={status} /> {runs.toLocaleString("en")}
                    </a>
                  </li>
                ))}
              </ul>
            )}
          </section>
          {data.coordination === undefined ? null : (
            <section aria-labelledby="coordination">
              <h2 id="coordination">Coordination</h2>
              <p>
                The <strong>{data.coordination}</strong> decides what is next, in epoch {data.epoch}.
              </p>
              {data.isReadOnly ? null : (
                <Order
                  name="switch-coordination"
                  label={`Switch to the ${data.coordination === "relay" ? "orchestrator" : "relay"}`}
                  body={() => ({ coordination: data.coordination === "relay" ? "orchestrator" : "relay" })}
                />
              )}
            </section>
          )}
          <section aria-labelledby="events">
            <h2 id="events">What happened last</h2>
            {data.events.length === 0 ? (
              <Empty>
                {data.kind !== "system"
                  ? "Events of a system are not kept. Its runs and states are."
                  : "Nothing since the inspector was opened: threads, actors and switches are told of here."}
              </Empty>
            ) : (
              <Events of={data.events} label="events" />
            )}
          </section>
        </>
      )}
    </Shows>
  );
}

function Figure({ label, value }: { readonly label: string; readonly value: number | string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{typeof value === "number" ? value.toLocaleString("en") : value}</dd>
    </div>
  );
}

const [width, height] = [600, 80];

function PaceChart({ of: { completed, failed } }: { readonly of: Pace }) {
  const most = Math.max(1, ...completed.map((runs, i) => runs + (failed[i] ?? 0)));
  const step = width / completed.length;
  const sum = (runs: readonly number[]): number => runs.reduce((all, one) => all + one, 0);
  const label = `${count(sum(completed), "run")} completed, ${sum(failed)} ended otherwise; at most ${most} in a second`;
  return (
    <figure>
      <svg class="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} preserveAspectRatio="none">
        {completed.map((runs, i) => {
          const good = (runs / most) * height;
          const bad = ((failed[i] ?? 0) / most) * height;
          return (
            <g key={i}>
              <rect class="good" x={i * step + 1} width={step - 2} y={height - good} height={good} />
              <rect class="bad" x={i * step + 1} width={step - 2} y={height - good - bad} height={bad} />
            </g>
          );
        })}
      </svg>
      <figcaption class="dim">{label}</figcaption>
    </figure>
  );
}
