/** A schedule in which a scenario failed, moment after moment, with what the actors knew and what the state was beside it. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Moment, ScheduleData } from "../recording/failed-schedule.ts";
import { useOnce } from "./live.ts";
import { Copy, Empty, KeyLink, Shows, Status, Table, Value } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { type ActorThen, type KeyThen, standing } from "./schedule-standing.ts";
import { count, visible } from "./words.ts";

/** With more actors, the table has one column for all. */
const mostColumns = 6;

export function Schedule() {
  const seen = useOnce<ScheduleData>("schedule", {});
  return (
    <Shows seen={seen}>
      {(data) => (
        <>
          <h2>{visible(data.title)}</h2>
          <pre class="failure" tabIndex={0} role="region" aria-label="Failure">
            {visible(data.message)}
          </pre>
          {data.repeat.map((line) => (
            <p key={line}>
              <code>{visible(line)}</code> <Copy text={line} what="what repeats it" />
            </p>
          ))}
          {data.moments.length === 0 ? <Empty>No actor did anything.</Empty> : <Stepped of={data} />}
          {data.report.length === 0 ? null : (
            <section aria-labelledby="report">
              <h3 id="report">Report</h3>
              <pre tabIndex={0} role="region" aria-label="Report">
                {visible(data.report.join("\n"))}
              </pre>
            </section>
          )}
        </>
      )}
    </Shows>
  );
}

function Stepped({ of: { moments, count: all } }: { readonly of: ScheduleData }) {
  const [at, setAt] = useState(moments.length);
  const choose = (number: number): void => setAt(Math.max(1, Math.min(moments.length, number)));
  const { actors, keys } = standing(moments, at);
  const earlier = all - moments.length;
  return (
    <>
      <div class="slider">
        <button type="button" disabled={at <= 1} onClick={() => choose(at - 1)}>
          Before
        </button>
        <label>
          Moment {at} of {moments.length}
          <input
            type="range"
            data-first
            min={1}
            max={moments.length}
            value={at}
            onInput={(event) => choose(Number(event.currentTarget.value))}
          />
        </label>
        <button type="button" disabled={at >= moments.length} onClick={() => choose(at + 1)}>
          Next
        </button>
      </div>
      {earlier === 0 ? null : <p class="dim">{count(earlier, "earlier moment")} are not shown.</p>}
      <p>
        <a href={hrefOf("messages")}>Who sent what to whom</a>, <a href={hrefOf("state")}>all versions of the state</a>
      </p>
      <div class="stepped">
        <Moments of={moments} at={at} choose={choose} />
        <section aria-labelledby="then">
          <h3 id="then">At this moment</h3>
          {actors.map((actor) => (
            <Actor key={actor.actor} of={actor} keys={keys} />
          ))}
          {keys.length === 0 ? <Empty>No state was read or written yet.</Empty> : null}
          {keys.map((key) => (
            <State key={key.key} of={key} />
          ))}
        </section>
      </div>
    </>
  );
}

interface MomentsProps {
  readonly of: readonly Moment[];
  readonly at: number;
  choose(number: number): void;
}

function Moments({ of, at, choose }: MomentsProps) {
  const actors = [...new Set(of.map(({ actor }) => actor ?? ""))];
  const columns = actors.length <= mostColumns ? actors : undefined;
  const chosen = useRef<HTMLTableRowElement>(null);
  useEffect(() => chosen.current?.scrollIntoView({ block: "nearest" }), [at]);
  return (
    <Table caption="Moments" heads={["Moment", "Step", "ms", ...(columns?.map(shortly) ?? ["Actor", "What"])]}>
      {of.map((moment, i) => {
        const isChosen = i + 1 === at;
        const text = <span class={toneOf(moment)}>{visible(moment.text)}</span>;
        return (
          <tr
            key={i}
            ref={isChosen ? chosen : null}
            class={isChosen ? "chosen" : i >= at ? "dim" : ""}
            aria-current={isChosen ? "step" : undefined}
          >
            <th scope="row">
              <button type="button" class="small" onClick={() => choose(i + 1)} aria-label={`Go to moment ${i + 1}`}>
                {i + 1}
              </button>
            </th>
            <td>{moment.step}</td>
            <td>{Math.round(moment.at * 10) / 10}</td>
            {columns === undefined ? (
              <>
                <td class="id">{shortly(moment.actor ?? "")}</td>
                <td>{text}</td>
              </>
            ) : (
              columns.map((actor) => <td key={actor}>{actor === (moment.actor ?? "") ? text : null}</td>)
            )}
          </tr>
        );
      })}
    </Table>
  );
}

function Actor({ of: { actor, handles, reads }, keys }: { readonly of: ActorThen; readonly keys: readonly KeyThen[] }) {
  return (
    <p>
      <span class="id">{visible(actor)}</span>{" "}
      {handles.length === 0
        ? "waits for a message"
        : `handles ${handles.map(({ message, from }) => `${visible(message)} from ${visible(from)}`).join(" and ")}`}
      {reads.map(({ key, version }) => {
        const newest = keys.find((one) => one.key === key)?.version ?? version;
        return (
          <span key={key}>
            , has read <KeyLink name={key} {...(version === 0 ? {} : { at: version })} />
            {version === 0 ? " as not there" : ""}{" "}
            {newest > version ? <Status of={`there is version ${newest} by now`} tone="warn" /> : null}
          </span>
        );
      })}
    </p>
  );
}

function State({ of: { key, version, by, state, isNew } }: { readonly of: KeyThen }) {
  return (
    <div class={isNew ? "chosen" : ""}>
      <h4>
        <KeyLink name={key} at={version} /> {by === undefined ? "" : <span class="dim">by {visible(by)}</span>}{" "}
        {isNew ? <Status of="committed now" tone="busy" /> : null}
      </h4>
      {state === undefined ? null : <Value of={state} label={`State of ${key} in version ${version}`} />}
    </div>
  );
}

function toneOf({ kind, failure }: Moment): string {
  if (kind === "fault" || kind === "conflicts" || failure !== undefined) return "status bad";
  return kind === "commits" ? "status good" : "";
}

/** An actor by its name; code outside of all actors, and faults. */
function shortly(address: string): string {
  return address === "" ? "outside" : visible(address);
}
