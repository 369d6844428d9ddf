/** The queues of runs: their limits, how many of each key wait and go on, and which come next. */

import type { ShownQueue } from "../views/queues.ts";
import { Table, Time } from "./parts.tsx";
import { hrefOf } from "./route.ts";
import { count, duration, visible } from "./words.ts";

type Limits = ShownQueue["all"];

export function QueuesOfRuns({ of }: { readonly of: readonly ShownQueue[] }) {
  if (of.length === 0) return null;
  return (
    <>
      <h2>Queues</h2>
      {of.map((queue) => (
        <Queue key={queue.name} of={queue} />
      ))}
    </>
  );
}

function Queue({ of: { name, all, perKey, waiting, released, keys, ofKeys, next } }: { readonly of: ShownQueue }) {
  const shown = visible(name);
  return (
    <section aria-label={shown}>
      <h3>{shown}</h3>
      <p>
        {count(waiting, "run waits", "runs wait")}, {count(released, "run goes on", "runs go on")}. In all{" "}
        {limitsText(all)}; of a key {limitsText(perKey)}.
      </p>
      {keys.length === 0 ? null : (
        <Table caption={`Keys of ${shown}`} heads={["Key", "Wait", "Go on"]}>
          {keys.map((one) => (
            <tr key={one.key}>
              <th scope="row">{one.key === "" ? "none" : visible(one.key)}</th>
              <td>{one.waiting}</td>
              <td>{one.released}</td>
            </tr>
          ))}
        </Table>
      )}
      {ofKeys > keys.length ? <p class="dim">{count(ofKeys - keys.length, "more key")}.</p> : null}
      {next.length === 0 ? null : (
        <Table caption={`Runs that wait in ${shown}`} heads={["Run", "Key", "Number", "Priority", "Since"]}>
          {next.map((one) => (
            <tr key={one.run}>
              <th scope="row">
                <a href={hrefOf("run", { id: one.run })}>{visible(one.run)}</a>
              </th>
              <td>{one.key === "" ? "none" : visible(one.key)}</td>
              <td>{one.position}</td>
              <td>{one.priority}</td>
              <td>
                <Time at={one.since} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function limitsText({ concurrency, rate, waiting }: NonNullable<Limits> = {}): string {
  const said = [
    ...(concurrency === undefined ? [] : [`${concurrency} at a time`]),
    ...(rate === undefined ? [] : [`${rate.runs} in ${duration(rate.period)}`]),
    ...(waiting === undefined ? [] : [`${waiting} may wait`]),
  ];
  return said.length === 0 ? "without limits" : said.join(", ");
}
