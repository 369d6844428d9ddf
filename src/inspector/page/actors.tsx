/** The trees of supervisors, and all actors and agents by name. */

import type { FoundChild } from "../source/inspected.ts";
import type { ActorsData } from "../views/actors.ts";
import { useLive } from "./live.ts";
import { Order } from "./order.tsx";
import { Empty, Events, Shows, Status, Table } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { count } from "./words.ts";

export function Actors({ given }: { readonly given: Readonly<Record<string, string>> }) {
  const seen = useLive<ActorsData>("actors", given);
  return (
    <Shows seen={seen}>
      {(data) => (
        <>
          <section aria-labelledby="trees">
            <h2 id="trees">Supervisors</h2>
            {data.trees.length === 0 ? (
              <Empty>
                {data.isLive ? (
                  <>
                    No tree of supervisors. <code>system.supervise</code> starts one, and its actors are started again
                    when they fail.
                  </>
                ) : (
                  "A journal has no actors: they end with their system. Their states are under State."
                )}
              </Empty>
            ) : (
              <Tree of={data.trees} />
            )}
          </section>
          <section aria-labelledby="actors">
            <h2 id="actors">Actors and agents</h2>
            <form class="filter" role="search" aria-label="Actors" onSubmit={(event) => event.preventDefault()}>
              <label>
                Name contains
                <input
                  type="search"
                  data-first
                  value={given["text"] ?? ""}
                  onChange={(event) => (location.hash = hrefOf("actors", { text: event.currentTarget.value }))}
                />
              </label>
            </form>
            <p role="status">{count(data.count, "actor")}</p>
            {data.count === 0 ? null : (
              <Table caption="Actors and agents" heads={["Name", "Definition", "Address", "Command"]}>
                {data.actors.map(({ name, definition, address }) => (
                  <tr key={name}>
                    <th scope="row" class="id">
                      {address === undefined ? name : <a href={hrefOf("actor", { address })}>{name}</a>}
                    </th>
                    <td>{definition}</td>
                    <td class="id">{address ?? "is being started"}</td>
                    <td>
                      {data.isReadOnly || address === undefined ? null : (
                        <Order name="stop-actor" label={`Stop ${name}`} body={() => ({ address })} />
                      )}
                    </td>
                  </tr>
                ))}
              </Table>
            )}
          </section>
          <section aria-labelledby="failures">
            <h2 id="failures">What became of actors</h2>
            {data.events.length === 0 ? <Empty>No actor has failed since the inspector was opened.</Empty> : null}
            <Events of={data.events} label="What became of actors" />
          </section>
        </>
      )}
    </Shows>
  );
}

function Tree({ of }: { readonly of: readonly FoundChild[] }) {
  return (
    <ul class="tree">
      {of.map((child) => (
        <li key={child.name}>
          {child.address === undefined ? (
            <span class="id">{child.name}</span>
          ) : (
            <a class="id" href={hrefOf("actor", { address: child.address })}>
              {child.name}
            </a>
          )}{" "}
          <Status of={child.status ?? child.phase ?? ""} />
          <span class="dim">
            {child.kind === undefined ? " supervisor" : ` ${child.kind}`}, {count(child.restarts, "restart")}
            {child.thread === undefined ? "" : `, thread ${child.thread}`}
          </span>
          {child.children === undefined ? null : <Tree of={child.children} />}
        </li>
      ))}
    </ul>
  );
}
