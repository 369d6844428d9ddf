/** What stands in front of agents: breakers with their changes, limits, bulkheads, and the calls that wait. */

import type { GatesData, ShownGate } from "../views/gates.ts";
import { useLive } from "./live.ts";
import { Empty, Shows, Status, Table, Time } from "./parts.tsx";
import { QueuesOfRuns } from "./queues.tsx";
import { count, duration, visible } from "./words.ts";

export function Gates() {
  const seen = useLive<GatesData>("gates");
  return (
    <Shows seen={seen}>
      {({ gates, queues }) => (
        <>
          <h2>Gates</h2>
          {gates.length === 0 ? (
            <Empty>
              No agent was called yet. Each agent that is has a gate: a breaker, and the rate limits and the bulkhead
              that its policies name.
            </Empty>
          ) : null}
          {gates.map((gate) => (
            <Gate key={gate.agent} of={gate} />
          ))}
          <QueuesOfRuns of={queues} />
        </>
      )}
    </Shows>
  );
}

function Gate({ of: { agent, status, openings, changes, now } }: { readonly of: ShownGate }) {
  return (
    <section aria-label={agent}>
      <h3>
        {agent} <Status of={status} tone={status === "open" ? "bad" : status === "closed" ? "good" : "warn"} />{" "}
        <span class="dim">{openings === 0 ? "" : `opened ${count(openings, "time")} since it was closed`}</span>
      </h3>
      {now === undefined ? null : (
        <p>
          {count(now.inFlight, "call")} went ahead and {now.inFlight === 1 ? "has" : "have"} not ended;{" "}
          {count(now.waiting, "call waits", "calls wait")}.
          {now.heldUntil === undefined ? null : (
            <>
              {" "}
              An error asked for a pause until <Time at={now.heldUntil} />.
            </>
          )}
        </p>
      )}
      <Limits of={now} agent={agent} />
      {changes.length === 0 ? null : (
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
      )}
    </section>
  );
}

function Limits({ of, agent }: { readonly of: ShownGate["now"]; readonly agent: string }) {
  if (of === undefined || (of.limits.length === 0 && of.bulkhead === undefined)) return null;
  const { limits, bulkhead, inFlight } = of;
  return (
    <Table caption={`Limits of ${agent}`} heads={["Limit", "At most", "Used", "Of whom", "Calls that it holds back"]}>
      {limits.flatMap(({ measure, max, period, per, queue, waiting, scopes, spent }, i) => {
        const rows = spent.length === 0 ? [{ scope: "", used: 0, reserved: 0 }] : spent;
        return rows.map(({ scope, used, reserved }, at) => (
          <tr key={`${i} ${scope}`}>
            <th scope="row">{at === 0 ? measure : ""}</th>
            <td>{at === 0 ? `${max.toLocaleString("en")} in ${duration(period)}` : ""}</td>
            <td>
              <Used used={used + reserved} most={max} /> {reserved === 0 ? "" : `(${reserved} reserved)`}
            </td>
            <td>
              {per === "agent" ? "all calls" : `${per} ${visible(scope === "" ? "none" : scope)}`}
              {at === rows.length - 1 && scopes > rows.length ? `, and ${scopes - rows.length} more` : ""}
            </td>
            <td>{at === 0 ? waitingText(waiting, queue) : ""}</td>
          </tr>
        ));
      })}
      {bulkhead === undefined ? null : (
        <tr>
          <th scope="row">bulkhead</th>
          <td>
            {bulkhead.concurrent} at a time
            {bulkhead.perTenant === undefined ? "" : `, ${bulkhead.perTenant} of a tenant`}
          </td>
          <td>
            <Used used={inFlight} most={bulkhead.concurrent} />
          </td>
          <td>all calls</td>
          <td>{waitingText(bulkhead.waiting, bulkhead.queue)}</td>
        </tr>
      )}
    </Table>
  );
}

function Used({ used, most }: { readonly used: number; readonly most: number }) {
  const tone = used >= most ? "bad" : used > 0.7 * most ? "warn" : "plain";
  return <Status of={`${used.toLocaleString("en")} of ${most.toLocaleString("en")}`} tone={tone} />;
}

function waitingText(waiting: number, queue: number): string {
  return queue === 0
    ? "none: it rejects them"
    : `${waiting.toLocaleString("en")} of ${queue.toLocaleString("en")} that may wait`;
}
