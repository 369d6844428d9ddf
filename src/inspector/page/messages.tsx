/** The messages that reached no actor. */

import type { MessagesData } from "../views/messages.ts";
import { useLive } from "./live.ts";
import { ActorLink, Empty, Shows, Table, Time, Value } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { count, visible } from "./words.ts";

export function Messages({ given }: { readonly given: Readonly<Record<string, string>> }) {
  const seen = useLive<MessagesData>("messages", given);
  return (
    <Shows seen={seen}>
      {(data) => {
        const last = data.letters.at(-1);
        return (
          <>
            <h2>Messages that reached no actor</h2>
            <p role="status">
              {count(data.count, "message")} since the inspector was opened
              {Object.entries(data.byReason).map(([reason, n]) => ` · ${reason} ${n}`)}
            </p>
            {data.letters.length === 0 ? (
              <Empty>
                {data.isLive
                  ? "None. A message that is sent to an actor that is gone, or to a full mailbox, is listed here with the reason."
                  : "A journal has no messages: they end with their system."}
              </Empty>
            ) : (
              <Table caption="Dead letters" heads={["When", "Reason", "To", "Message", "From", "Payload"]}>
                {data.letters.map((letter) => (
                  <tr key={letter.number}>
                    <th scope="row">
                      <Time at={letter.time} isShort />
                    </th>
                    <td>
                      {letter.reason}
                      {letter.detail === undefined ? null : <div class="dim">{visible(letter.detail)}</div>}
                    </td>
                    <td>
                      <ActorLink address={letter.to} />
                    </td>
                    <td>{letter.type}</td>
                    <td>{letter.from === undefined ? "outside" : <ActorLink address={letter.from} />}</td>
                    <td>
                      <Value of={letter.payload} label={`Payload of message ${letter.number}`} />
                    </td>
                  </tr>
                ))}
              </Table>
            )}
            <nav class="pages" aria-label="Pages of messages">
              {given["before"] === undefined ? null : <a href={hrefOf("messages")}>The newest</a>}
              {last === undefined || last.number <= 1 ? null : (
                <a href={hrefOf("messages", { before: last.number })}>Earlier</a>
              )}
            </nav>
          </>
        );
      }}
    </Shows>
  );
}
