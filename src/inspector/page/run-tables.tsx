/** The attempts at a run's steps, and what these used. */

import type { ShownAttempt } from "../views/attempts.ts";
import type { RunData } from "../views/run.ts";
import { Empty, Status, Table, Time } from "./parts.tsx";
import { shortNumber, duration, visible } from "./words.ts";

const heads = ["What", "Decided by", "Thread", "Began", "Took", "Ended"];

/** Retries and compensations with the first attempts, in the order in which they began. */
export function Attempts({ of }: { readonly of: readonly ShownAttempt[] }) {
  return (
    <section aria-labelledby="attempts">
      <h3 id="attempts">Attempts and compensations, in their order</h3>
      {of.length === 0 ? (
        <Empty>No step was attempted.</Empty>
      ) : (
        <Table caption="Attempts and compensations" heads={heads}>
          {of.map(({ step, isCompensation, attempt, by, epoch, start, end, outcome, failure, thread }, i) => (
            <tr key={i}>
              <th scope="row">
                {isCompensation === true ? "undo " : ""}
                {visible(step)}
                {attempt === 1 ? "" : <span class="dim">, attempt {attempt}</span>}
              </th>
              <td>{by === "" ? `epoch ${epoch}` : `the ${by}, in epoch ${epoch}`}</td>
              <td>{thread}</td>
              <td class="short">
                <Time at={start} isShort />
              </td>
              <td class="short">{end === undefined ? "goes on" : duration(end - start)}</td>
              <td>
                <Status of={outcome ?? "running"} />{" "}
                {failure === undefined || failure === outcome ? null : visible(failure)}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

export function UsageTable({ of }: { readonly of: RunData["usage"] }) {
  if (of === undefined) return null;
  const rows = [...of.parts, ...(of.parts.length === 1 ? [] : [{ of: "in all", model: "", ...of.sum }])];
  return (
    <section aria-labelledby="usage">
      <h3 id="usage">Tokens and cost</h3>
      <Table caption="Tokens and cost" heads={["Step", "Model", "Input", "of it cached", "Output", "Cost"]}>
        {rows.map(({ of: step, model = "", input, cached, output, cost }) => (
          <tr key={`${step} ${model}`}>
            <th scope="row">{visible(step)}</th>
            <td>{visible(model)}</td>
            <td>{input.toLocaleString("en")}</td>
            <td>{cached.toLocaleString("en")}</td>
            <td>{output.toLocaleString("en")}</td>
            <td>{cost === 0 ? "" : shortNumber(cost)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
