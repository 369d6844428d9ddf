/** What actors, agents and runs sent to each other, in order; and what reached no actor. */

import type { MessagesData } from "../views/messages.ts";
import { useLive } from "./live.ts";
import { ActorLink, Empty, Shows, Table, Time, Value } from "./parts.tsx";
import { Order } from "./order.tsx";
import { hrefOf } from "./route.ts";
import { Sequence } from "./sequence.tsx";
import { count, visible } from "./words.ts";

type Given = Readonly<Record<string, string>>;

export function Messages({ given }: { readonly given: Given }) {
  return (
    <>
      <section aria-labelledby="sequence">
        <h2 id="sequence">Messages in their order</h2>
        <Sequence given={given} />
      </section>
      <section aria-labelledby="letters">
        <h2 id="letters">Messages that reached no actor</h2>
        <Letters given={given} />
      </section>
    </>
  );
}

function Letters({ given }: { readonly given: Given }) {
  const seen = useLive<MessagesData>("messages", { before: given["letters"] });
  return (
    <Shows seen={seen}>
      {(data) => {
        const last = data.letters.at(-1);
        return (
          <>
            <p role="status">
              {count(data.count, "message")} since the inspector was opened
              {Object.entries(data.byReason).map(([reason, n]) => ` · ${reason} ${n}`)}
            </p>
            {data.groups.length === 0 ? null : (
              <Table caption="Dead letters by actor and reason" heads={["To", "Reason", "How many", "The last"]}>
                {data.groups.map(({ to, reason, count: letters, time }) => (
                  <tr key={`${reason} ${to}`}>
                    <th scope="row">
                      <ActorLink address={to} />
                    </th>
                    <td>{reason}</td>
                    <td>{letters.toLocaleString("en")}</td>
                    <td>
                      <Time at={time} />
                    </td>
                  </tr>
                ))}
              </Table>
            )}
            {data.letters.length === 0 ? (
              <Empty>
                {data.isLive
                  ? "None. A message that is sent to an actor that is gone, or to a full mailbox, is listed here with the reason."
                  : "A journal has no messages: they end with their system."}
              </Empty>
            ) : (
              <Table caption="Dead letters" heads={["When", "Reason", "To", "Message", "From", "Payload", "Command"]}>
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
                    <td>
                      {letter.isSentAgain === true ? "sent again" : null}
                      {data.isReadOnly || letter.isSentAgain === true ? null : (
                        <Order
                          name="resend"
                          label={`Send message ${letter.number} again`}
                          body={() => ({ number: letter.number })}
                        />
                      )}
                    </td>
                  </tr>
                ))}
              </Table>
            )}
            <nav class="pages" aria-label="Pages of messages">
              {given["letters"] === undefined ? null : (
                <a href={hrefOf("messages", { ...given, letters: undefined })}>The newest</a>
              )}
              {last === undefined || last.number <= 1 ? null : (
                <a href={hrefOf("messages", { ...given, letters: last.number })}>Earlier</a>
              )}
            </nav>
          </>
        );
      }}
    </Shows>
  );
}
