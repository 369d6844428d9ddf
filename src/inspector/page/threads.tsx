/** The threads, and what became of those that are gone. */

import type { ThreadsData } from "../views/threads.ts";
import { useLive } from "./live.ts";
import { Empty, Events, Shows, Table } from "./parts.tsx";

export function Threads() {
  const seen = useLive<ThreadsData>("threads");
  return (
    <Shows seen={seen}>
      {({ isLive, threads, events }) => (
        <>
          <h2>Threads</h2>
          {isLive ? null : <Empty>A journal has no threads: they end with their system.</Empty>}
          {threads.length === 0 ? null : (
            <Table caption="Threads" heads={["Thread", "Actors", "Messages in mailboxes", "Keys it follows"]}>
              {threads.map(({ thread, actors, waiting, followedKeys }) => (
                <tr key={thread}>
                  <th scope="row">{thread}</th>
                  <td>{actors}</td>
                  <td>{waiting}</td>
                  <td>{followedKeys}</td>
                </tr>
              ))}
            </Table>
          )}
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
