/** Who sent what to whom, drawn as lifelines with messages between them, and told as a list. */

import { useState } from "preact/hooks";
import type { SequenceData, SequenceMessage } from "../views/sequence.ts";
import { useLive } from "./live.ts";
import { ActorLink, Empty, RunLink, Shows, Status, Table, Time } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { count, duration, visible } from "./words.ts";

type Given = Readonly<Record<string, string>>;

const [laneWidth, rowHeight, headHeight] = [170, 30, 34];
const pageSize = 100;

export function Sequence({ given }: { readonly given: Given }) {
  const { run, actor, since, until, before } = given;
  const seen = useLive<SequenceData>("sequence", { run, actor, since, until, before, limit: pageSize });
  const [chosen, choose] = useState<number | undefined>();
  return (
    <>
      <Filter given={given} />
      <Shows seen={seen}>
        {(data) => (
          <>
            <p role="status">
              {count(data.count, "message")}
              {data.messages.length < data.count
                ? `, of which ${(data.before + 1).toLocaleString("en")} to ${(data.before + data.messages.length).toLocaleString("en")} are shown`
                : ""}
            </p>
            {data.messages.length === 0 ? (
              <Empty>
                {data.isLive || run !== undefined
                  ? "No message was recorded that is like that."
                  : "A journal has no messages but those of runs: name a run to see its own."}
              </Empty>
            ) : (
              <>
                <Diagram of={data} chosen={chosen} choose={choose} />
                <Listed of={data} chosen={chosen} choose={choose} />
              </>
            )}
            <Pages given={given} of={data} />
          </>
        )}
      </Shows>
    </>
  );
}

function Filter({ given }: { readonly given: Given }) {
  const set = (name: string, value: string): void => {
    const { before: _, ...rest } = given;
    location.hash = hrefOf("messages", { ...rest, [name]: value });
  };
  const moment = (name: string, label: string) => (
    <label>
      {label}
      <input
        type="datetime-local"
        step="1"
        onChange={({ currentTarget: { value } }) => set(name, value === "" ? "" : String(new Date(value).getTime()))}
      />
    </label>
  );
  const text = (name: string, label: string, isFirst = false) => (
    <label>
      {label}
      <input
        type="search"
        data-first={isFirst}
        value={given[name] ?? ""}
        onChange={(event) => set(name, event.currentTarget.value)}
      />
    </label>
  );
  return (
    <form class="filter" role="search" aria-label="Messages" onSubmit={(event) => event.preventDefault()}>
      {text("run", "Of the run", true)}
      {text("actor", "To or from the actor")}
      {moment("since", "Since")}
      {moment("until", "Until")}
    </form>
  );
}

interface Chosen {
  readonly of: SequenceData;
  readonly chosen: number | undefined;
  choose(number: number | undefined): void;
}

/** The message, what it was sent because of, and so on. */
function chainOf(messages: readonly SequenceMessage[], chosen: number | undefined): ReadonlySet<number> {
  const byNumber = new Map(messages.map((message) => [message.number, message]));
  const chain = new Set<number>();
  for (let at = chosen; at !== undefined && !chain.has(at); at = byNumber.get(at)?.cause) chain.add(at);
  return chain;
}

/** For the eye: the list has the same. */
function Diagram({ of: { parties, messages }, chosen, choose }: Chosen) {
  const chain = chainOf(messages, chosen);
  const lanes = new Map(parties.map((party, i) => [party, (i + 0.5) * laneWidth]));
  const width = parties.length * laneWidth;
  const height = messages.length * rowHeight + rowHeight;
  return (
    <div class="scroll sequence" tabIndex={0} role="region" aria-label="Messages as a diagram">
      <svg class="heads" width={width} height={headHeight} aria-hidden="true">
        {parties.map((party) => (
          <text key={party} x={lanes.get(party)} y={headHeight - 12} text-anchor="middle">
            <title>{visible(party)}</title>
            {visible(short(party, 22))}
          </text>
        ))}
      </svg>
      <svg width={width} height={height} aria-hidden="true">
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
            <path d="M0,0 L8,4 L0,8 z" />
          </marker>
        </defs>
        {parties.map((party) => (
          <line key={party} class="lane" x1={lanes.get(party)} x2={lanes.get(party)} y1="0" y2={height} />
        ))}
        {messages.map((message, i) => (
          <Arrow
            key={message.number}
            of={message}
            from={lanes.get(message.from) ?? 0}
            to={lanes.get(message.to) ?? 0}
            y={(i + 0.75) * rowHeight}
            isChosen={chain.has(message.number)}
            choose={() => choose(chosen === message.number ? undefined : message.number)}
          />
        ))}
      </svg>
    </div>
  );
}

interface ArrowProps {
  readonly of: SequenceMessage;
  readonly from: number;
  readonly to: number;
  readonly y: number;
  readonly isChosen: boolean;
  choose(): void;
}

function Arrow({ of, from, to, y, isChosen, choose }: ArrowProps) {
  const isOwn = from === to;
  const line = isOwn ? `M${from},${y - 6} h24 v8 h-22` : `M${from},${y} H${to + (to > from ? -1 : 1)}`;
  const tone = of.failure === undefined ? of.kind : "failed";
  return (
    <g class={`arrow ${tone}${isChosen ? " chosen" : ""}`} onClick={choose}>
      <title>{visible(sentence(of))}</title>
      <path d={line} marker-end="url(#tip)" />
      <text x={isOwn ? from + 30 : (from + to) / 2} y={y - 5} text-anchor={isOwn ? "start" : "middle"}>
        {visible(short(`${of.number} ${of.kind === "undo" ? "undo " : ""}${of.text}`, 26))}
      </text>
    </g>
  );
}

function Listed({ of: { messages }, chosen, choose }: Chosen) {
  const chain = chainOf(messages, chosen);
  return (
    <Table caption="Messages as a list" heads={["Message", "When", "From", "To", "What", "Took", "Because of"]}>
      {messages.map((message) => (
        <tr key={message.number} class={chain.has(message.number) ? "chosen" : ""}>
          <th scope="row">
            <button
              type="button"
              class="small"
              aria-pressed={chosen === message.number}
              aria-label={`Show what message ${message.number} was sent because of`}
              onClick={() => choose(chosen === message.number ? undefined : message.number)}
            >
              {message.number}
            </button>
          </th>
          <td>
            <Time at={message.start} isShort />
          </td>
          <td>
            <Party of={message.from} />
          </td>
          <td>
            <Party of={message.to} />
          </td>
          <td>
            {message.kind} {visible(message.text)}{" "}
            {message.failure === undefined ? null : <Status of={message.failure} tone="bad" />}
          </td>
          <td class="short">{message.end === undefined ? "goes on" : duration(message.end - message.start)}</td>
          <td class="short">{message.cause === undefined ? "" : `message ${message.cause}`}</td>
        </tr>
      ))}
    </Table>
  );
}

function Party({ of }: { readonly of: string }) {
  if (of.startsWith("run ")) return <RunLink run={of.slice("run ".length)} />;
  return /^(\d+|\*)\//.test(of) ? <ActorLink address={of} /> : <span class="id">{visible(of)}</span>;
}

function Pages({ given, of }: { readonly given: Given; readonly of: SequenceData }) {
  const last = of.before + of.messages.length;
  return (
    <nav class="pages" aria-label="Pages of the sequence">
      {of.before === 0 ? null : <a href={hrefOf("messages", { ...given, before: of.before })}>Earlier messages</a>}
      {last >= of.count ? null : <a href={hrefOf("messages", { ...given, before: undefined })}>The newest messages</a>}
    </nav>
  );
}

function sentence({ number, kind, from, to, text, failure, cause }: SequenceMessage): string {
  const because = cause === undefined ? "" : `, because of message ${cause}`;
  return `${number}: ${from} → ${to}, ${kind} ${text}${failure === undefined ? "" : `, failed: ${failure}`}${because}`;
}

function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
