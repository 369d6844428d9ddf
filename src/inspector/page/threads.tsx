/** The threads: how each is, what is on it, and how those that are gone ended. */

import type { ThreadSigns } from "../source/thread-watch.ts";
import type { ShownThread, ThreadsData } from "../views/threads.ts";
import { useLive } from "./live.ts";
import { Empty, ErrorText, Events, Shows, Status, Table, Time } from "./parts.tsx";
import { bytes, count, duration, percent, visible } from "./words.ts";

const heads = [
  "Thread",
  "At work",
  "The last minute",
  "Late by (p50, p99, most)",
  "Heap",
  "Actors",
  "In mailboxes",
  "Keys",
];

export function Threads() {
  const seen = useLive<ThreadsData>("threads");
  return (
    <Shows seen={seen}>
      {({ isLive, threads, deaths, events }) => (
        <>
          <h2>Threads</h2>
          {isLive ? null : <Empty>A journal has no threads: they end with their system.</Empty>}
          {threads.length === 0 ? null : (
            <Table caption="Threads" heads={heads}>
              {threads.map((thread) => (
                <Thread key={thread.thread} of={thread} />
              ))}
            </Table>
          )}
          <Deaths of={deaths} isLive={isLive} />
          <h3>What became of threads</h3>
          {events.length === 0 ? (
            <Empty>No thread was opened, closed or lost since the inspector was opened.</Empty>
          ) : null}
          <Events of={events} label="What became of threads" />
        </>
      )}
    </Shows>
  );
}

function Thread({ of: { thread, signs, figures } }: { readonly of: ShownThread }) {
  return (
    <tr>
      <th scope="row">{thread === 0 ? "0, the process's own" : thread}</th>
      {signs === undefined ? (
        <td colSpan={4}>
          <Status of="does not answer" tone="bad" />
        </td>
      ) : (
        <Signs of={signs} />
      )}
      <td>{figures?.actors}</td>
      <td>{figures?.waiting}</td>
      <td>{figures?.followedKeys}</td>
    </tr>
  );
}

function Signs({ of: { utilization, past, delay, heapUsed, heapLimit } }: { readonly of: ThreadSigns }) {
  const late = [delay.p50, delay.p99, delay.max].map(duration).join(", ");
  const heap = heapUsed / heapLimit;
  return (
    <>
      <td class="short">
        <Status of={percent(utilization)} tone={utilization > 0.9 ? "bad" : utilization > 0.6 ? "warn" : "plain"} />
      </td>
      <td>
        <Past of={past} />
      </td>
      <td class="short">{late}</td>
      <td class="short">
        {bytes(heapUsed)} <Status of={percent(heap)} tone={heap > 0.9 ? "bad" : heap > 0.6 ? "warn" : "plain"} />
      </td>
    </>
  );
}

/** For the eye: a bar for each look. */
function Past({ of }: { readonly of: readonly number[] }) {
  const [width, height] = [120, 22];
  return (
    <svg class="past" width={width} height={height} aria-hidden="true">
      {of.map((share, i) => (
        <rect
          key={i}
          class={share > 0.9 ? "bad" : share > 0.6 ? "warn" : "good"}
          x={width - (of.length - i) * 2}
          width="1.5"
          y={height - Math.max(1, share * height)}
          height={Math.max(1, share * height)}
        />
      ))}
    </svg>
  );
}

function Deaths({ of, isLive }: { readonly of: ThreadsData["deaths"]; readonly isLive: boolean }) {
  return (
    <section aria-labelledby="deaths">
      <h3 id="deaths">Threads that died</h3>
      {of.length === 0 ? (
        isLive ? (
          <Empty>None since the inspector was opened.</Empty>
        ) : null
      ) : (
        <Table caption="Threads that died" heads={["Thread", "When", "Why", "Took along"]}>
          {of.map(({ thread, time, error, actors, took }) => (
            <tr key={`${thread} ${time}`}>
              <th scope="row">{thread}</th>
              <td>
                <Time at={time} />
              </td>
              <td>
                <ErrorText of={error} />
              </td>
              <td>
                {count(actors, "actor")}
                {took.length === 0 ? "" : `: ${visible(took.join(", "))}${actors > took.length ? " …" : ""}`}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
