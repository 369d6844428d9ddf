/** A run: its graph, its steps, its time, why, and what can be done. */

import { useState } from "preact/hooks";
import type { RunData, ShownStep } from "../views/run.ts";
import type { ShownRead } from "../views/reads.ts";
import { Graph } from "./graph.tsx";
import { useLive } from "./live.ts";
import { jsonIn, Order } from "./order.tsx";
import { Copy, Empty, ErrorText, KeyLink, Shows, Status, Time, Value } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { Attempts, UsageTable } from "./run-tables.tsx";
import { Timeline } from "./timeline.tsx";
import { duration, visible } from "./words.ts";

const eventsAtOnce = 300;

export function Run({ given }: { readonly given: Readonly<Record<string, string>> }) {
  const { id = "", before } = given;
  const seen = useLive<RunData>("run", { id, before, limit: eventsAtOnce });
  const [step, setStep] = useState<string | undefined>(given["step"]);
  return (
    <Shows seen={seen}>
      {(run) => {
        const chosen = run.steps.find(({ name }) => name === step) ?? mostTelling(run.steps);
        return (
          <>
            <h2>
              Run <span class="id">{visible(run.run)}</span> <Copy text={run.run} what="the run's id" />{" "}
              <Status of={run.status} />
            </h2>
            <p>
              {run.workflow}, decided by the {run.coordination} in epoch {run.epoch}
              {run.pinned ? ", which it keeps" : ""}
              {run.tenant === undefined ? "" : `, for ${run.tenant}`}; started <Time at={run.started} />, changed{" "}
              <Time at={run.changed} />: {duration(run.changed - run.started)}.{" "}
              <a href={hrefOf("key", { key: `run/${run.run}` })}>Its versions</a>,{" "}
              <a href={hrefOf("messages", { run: run.run })}>who sent what to whom</a>
              {run.canRecord ? (
                <>
                  ,{" "}
                  <a href={`/api/v1/recording?id=${encodeURIComponent(run.run)}`} download>
                    record it as a file
                  </a>
                </>
              ) : null}
            </p>
            {run.error === undefined ? null : <ErrorText of={run.error} />}
            <Commands of={run} />
            <section aria-labelledby="graph">
              <h3 id="graph">Steps</h3>
              {run.steps.length === 0 ? (
                <Empty>It has no steps.</Empty>
              ) : (
                <Graph steps={run.steps} chosen={chosen?.name} choose={setStep} />
              )}
              {chosen === undefined ? null : <StepDetails run={run.run} of={chosen} />}
            </section>
            <section aria-labelledby="why">
              <h3 id="why">Why</h3>
              <ul class="why">
                {run.waited.map((text) => (
                  <li key={text}>
                    <strong>{visible(text)}</strong>
                  </li>
                ))}
                {run.refused.map((text, i) => (
                  <li key={`refused ${i}`}>{visible(text)}</li>
                ))}
                {run.reads.map((read, i) => (
                  <li key={`read ${i}`}>
                    <Read of={read} />
                  </li>
                ))}
                {run.steps.flatMap(({ name, why, pending }) => [
                  ...(why === undefined ? [] : [<li key={name}>{visible(why)}</li>]),
                  ...(pending === undefined ? [] : [<li key={`${name} pending`}>{visible(pending)}</li>]),
                ])}
              </ul>
            </section>
            <Attempts of={run.attempts} />
            <UsageTable of={run.usage} />
            <section aria-labelledby="timeline">
              <h3 id="timeline">Timeline</h3>
              <Timeline spans={run.spans} spanCount={run.spanCount} />
              {run.traceId === undefined ? null : (
                <p class="dim">
                  Trace <span class="id">{run.traceId}</span> <Copy text={run.traceId} what="the trace's id" />
                </p>
              )}
            </section>
            <section aria-labelledby="inputs">
              <h3 id="inputs">Input and output</h3>
              <Value of={run.input} label="The run's input" isTitled />
              {run.output === undefined ? (
                <p class="dim">There is no output.</p>
              ) : (
                <Value of={run.output} label="Its output" isTitled />
              )}
            </section>
            <RunEvents of={run} id={id} />
          </>
        );
      }}
    </Shows>
  );
}

function Read({ of: { by, key, version, time, newer } }: { readonly of: ShownRead }) {
  return (
    <>
      {visible(by)} read <KeyLink name={key} at={version} />
      {newer === undefined ? null : (
        <strong>
          , when there was <KeyLink name={key} at={newer.version} /> for {duration(time - newer.time)}, written by{" "}
          {visible(newer.author)}
        </strong>
      )}
    </>
  );
}

/** A step that a person would look at first. */
function mostTelling(steps: readonly ShownStep[]): ShownStep | undefined {
  const order = ["compensation-failed", "failed", "open", "started", "waiting"];
  for (const status of order) {
    const found = steps.find((step) => step.status === status);
    if (found !== undefined) return found;
  }
  return steps.at(-1);
}

function StepDetails({ run, of }: { readonly run: string; readonly of: ShownStep }) {
  return (
    <article class="details" aria-label={`Step ${of.name}`}>
      <h4>
        {of.name} <Status of={of.status} /> <span class="dim">{of.agent ?? of.kind}</span>
      </h4>
      {of.why === undefined ? null : <p>{visible(of.why)}</p>}
      {of.pending === undefined ? null : <p>{visible(of.pending)}</p>}
      {of.error === undefined ? null : <ErrorText of={of.error} />}
      {of.question === undefined ? null : <Value of={of.question} label="Question" isTitled />}
      {of.takesAnswer === true ? (
        <Order
          key={of.name}
          name="tell"
          label="Answer"
          fields={[
            { name: "answer", label: "Answer, as JSON", isLong: true, otherwise: "{}" },
            { name: "by", label: "Who answers (optional)", isOptional: true },
          ]}
          body={({ answer = "", by = "" }) => ({
            run,
            step: of.name,
            answer: jsonIn(answer),
            ...(by === "" ? {} : { by }),
          })}
        />
      ) : null}
      {of.input === undefined ? null : <Value of={of.input} label={`Input of ${of.name}`} isTitled />}
      {of.output === undefined ? null : <Value of={of.output} label={`Output of ${of.name}`} isTitled />}
    </article>
  );
}

function Commands({ of: { run, can } }: { readonly of: RunData }) {
  if (can.length === 0) return null;
  const reason = { name: "reason", label: "Reason (optional)", isOptional: true };
  const withReason = ({ reason: text = "" }: Readonly<Record<string, string>>) => ({
    run,
    ...(text === "" ? {} : { reason: text }),
  });
  return (
    <section class="commands" aria-label="What can be done">
      {can.includes("cancel") ? (
        <Order name="cancel" label="Cancel the run" fields={[reason]} body={withReason} />
      ) : null}
      {can.includes("undo") ? <Order name="undo" label="Undo the run" fields={[reason]} body={withReason} /> : null}
      {can.includes("retry-compensation") ? (
        <Order name="retry-compensation" label="Try the compensation again" body={() => ({ run })} />
      ) : null}
      {can.includes("resolve") ? (
        <Order
          name="resolve"
          label="Declare it resolved"
          fields={[{ name: "note", label: "What was done by hand" }]}
          body={({ note }) => ({ run, note })}
        />
      ) : null}
    </section>
  );
}

function RunEvents({ of: { events, eventCount }, id }: { readonly of: RunData; readonly id: string }) {
  const [first] = events;
  const last = events.at(-1);
  return (
    <section aria-labelledby="history">
      <h3 id="history">Events</h3>
      <ol class="events" start={first?.number ?? 1}>
        {events.map((event) => (
          <li key={event.number} value={event.number}>
            <Time at={event.time} isShort />{" "}
            <a href={hrefOf("key", { key: `run/${id}`, at: event.version })}>@{event.version}</a> {visible(event.text)}
          </li>
        ))}
      </ol>
      <nav class="pages" aria-label="Pages of events">
        {first === undefined || first.number <= 1 ? null : (
          <a href={hrefOf("run", { id, before: first.number })}>Earlier events</a>
        )}
        {last === undefined || last.number >= eventCount ? null : <a href={hrefOf("run", { id })}>The newest events</a>}
      </nav>
    </section>
  );
}
