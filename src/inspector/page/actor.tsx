/** One actor: what it does, what waits for it, what it keeps, which actors it talks with, and what went wrong. */

import type { ActorData, ShownMessage } from "../views/actor.ts";
import type { Peer } from "../views/peers.ts";
import { useLive } from "./live.ts";
import { MessageForms } from "./message-form.tsx";
import { Order } from "./order.tsx";
import { ActorLink, Copy, Empty, Events, KeyLink, Shows, Status, Table, Time, Value } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { count, duration, visible } from "./words.ts";

export function Actor({ given }: { readonly given: Readonly<Record<string, string>> }) {
  const { address = "" } = given;
  const seen = useLive<ActorData>("actor", { address });
  return (
    <Shows seen={seen}>
      {(actor) => (
        <>
          <h2>
            Actor <span class="id">{visible(actor.name)}</span> <Copy text={actor.address} what="the actor's address" />{" "}
            <Status of={actor.life ?? actor.supervisor?.status ?? "nowhere"} />
          </h2>
          <p>
            {actor.definition} at <span class="id">{actor.address}</span>
            {actor.thread === undefined ? "" : `, on thread ${actor.thread}`}
            {actor.supervisor === undefined
              ? ", without a supervisor"
              : `, below ${actor.supervisor.path}, ${actor.supervisor.status}, ${count(actor.supervisor.restarts, "restart")}`}
            . <a href={hrefOf("messages", { actor: actor.address })}>Its messages in their order</a>
          </p>
          <Commands of={actor} />
          <section aria-labelledby="mailbox">
            <h3 id="mailbox">Mailbox</h3>
            <p role="status">
              {actor.handles === 0 ? "It handles nothing" : `It handles ${count(actor.handles, "message")}`};{" "}
              {count(actor.waiting, "message waits", "messages wait")}
              {actor.mailbox.length < actor.waiting ? `, of which the first ${actor.mailbox.length} are shown` : ""}.
            </p>
            <Messages of={actor} />
          </section>
          <section aria-labelledby="kept">
            <h3 id="kept">State</h3>
            {actor.key === undefined ? null : (
              <p>
                It is in the store, with its versions: <KeyLink name={actor.key} />
              </p>
            )}
            {actor.state === undefined ? null : <Value of={actor.state} label="State" />}
            {actor.state === undefined && actor.key === undefined ? <Empty>It keeps no state.</Empty> : null}
          </section>
          <Peers of={actor.senders} label="Who sent to it" none="No message to it was recorded." />
          <Peers of={actor.receivers} label="To whom it sent" none="No message of its own was recorded." />
          <section aria-labelledby="happened">
            <h3 id="happened">What became of it</h3>
            {actor.events.length === 0 ? <Empty>Nothing since the inspector was opened.</Empty> : null}
            <Events of={actor.events} label="What became of it" />
          </section>
        </>
      )}
    </Shows>
  );
}

function Commands({ of: { address, can, messages, unknown } }: { readonly of: ActorData }) {
  if (can.length === 0) return null;
  return (
    <section aria-label="What can be done">
      <div class="commands">
        {can.includes("restart") ? (
          <Order name="restart-actor" label="Have it begin anew" body={() => ({ address })} />
        ) : null}
        {can.includes("stop") ? <Order name="stop-actor" label="Stop it" body={() => ({ address })} /> : null}
      </div>
      {unknown === undefined ? null : <p class="dim">Its messages are not known here: {visible(unknown)}</p>}
      {messages.length === 0 ? null : <h3>Send it a message</h3>}
      <MessageForms address={address} messages={messages} />
    </section>
  );
}

function Messages({ of: { inHand, mailbox } }: { readonly of: ActorData }) {
  const all = [...(inHand === undefined ? [] : [{ ...inHand, isInHand: true }]), ...mailbox];
  if (all.length === 0) return null;
  return (
    <Table caption="Messages in the mailbox" heads={["Message", "From", "Asked", "Payload"]}>
      {all.map((message: ShownMessage & { readonly isInHand?: boolean }, i) => (
        <tr key={`${i} ${message.id}`}>
          <th scope="row">
            {visible(message.type)} {message.isInHand === true ? <Status of="in hand" tone="busy" /> : null}
          </th>
          <td>{message.from === undefined ? "outside" : <ActorLink address={message.from} />}</td>
          <td>
            {message.isAsk ? "an answer is awaited" : "told"}
            {message.timeLeft === undefined ? "" : `, ${duration(message.timeLeft)} left`}
          </td>
          <td>
            <Value of={message.payload} label={`Payload of ${message.type}`} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Peers({ of, label, none }: { readonly of: readonly Peer[]; readonly label: string; readonly none: string }) {
  return (
    <section aria-label={label}>
      <h3>{label}</h3>
      {of.length === 0 ? (
        <Empty>{none}</Empty>
      ) : (
        <Table caption={label} heads={["Actor", "Message", "Times handled", "Failed", "Took, on average", "Last"]}>
          {of.map(({ address, type, count: many, failed, took, last }) => (
            <tr key={`${type} ${address}`}>
              <th scope="row">{address === undefined ? "outside" : <ActorLink address={address} />}</th>
              <td>{visible(type)}</td>
              <td>{many.toLocaleString("en")}</td>
              <td>{failed === 0 ? "" : <Status of={String(failed)} tone="bad" />}</td>
              <td>{duration(took)}</td>
              <td>
                <Time at={last} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
