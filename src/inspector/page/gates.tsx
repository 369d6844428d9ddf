/** What stands in front of agents. */

import type { GatesData } from "../views/gates.ts";
import { useLive } from "./live.ts";
import { Empty, Shows, Status, Table, Time } from "./parts.tsx";
import { count, visible } from "./words.ts";

export function Gates() {
  const seen = useLive<GatesData>("gates");
  return (
    <Shows seen={seen}>
      {({ gates }) => (
        <>
          <h2>Breakers</h2>
          {gates.length === 0 ? (
            <Empty>
              No breaker has ever opened. An agent that fails too often is not called for a while; then its breaker is
              listed here.
            </Empty>
          ) : null}
          {gates.map(({ agent, status, openings, changes }) => (
            <section key={agent} aria-label={agent}>
              <h3>
                {agent} <Status of={status} tone={status === "open" ? "bad" : status === "closed" ? "good" : "warn"} />{" "}
                <span class="dim">{openings === 0 ? "" : `opened ${count(openings, "time")} since it was closed`}</span>
              </h3>
              <Table caption={`Changes of the breaker of ${agent}`} heads={["When", "Became", "Why", "Tried again"]}>
                {changes.map((change) => (
                  <tr key={change.version}>
                    <th scope="row">
                      <Time at={change.time} />
                    </th>
                    <td>
                      <Status of={change.status} tone={change.status === "open" ? "bad" : "plain"} />
                    </td>
                    <td>{visible(change.why ?? "")}</td>
                    <td>{change.retryAt === undefined ? "" : <Time at={change.retryAt} />}</td>
                  </tr>
                ))}
              </Table>
            </section>
          ))}
        </>
      )}
    </Shows>
  );
}
