/** Operations out of the events of a history: one for each call, and one for each answer. */

import type { Operation } from "../../checkers/operation.ts";
import { wrongLine } from "./input-row.ts";

/** A line of a history, as Jepsen writes them. */
export interface HistoryEvent {
  readonly process: string | number;
  /** `fail`: it had no effect. `info`: its outcome is unknown. */
  readonly type: "invoke" | "ok" | "fail" | "info";
  /** What is called, such as `"write"`. */
  readonly f: string;
  readonly key?: unknown;
  readonly value?: unknown;
}

/** An event, and where it stands. */
export interface PlacedEvent {
  readonly file: string;
  readonly line: number;
  readonly event: HistoryEvent;
}

/** What an answer's event says: the value that it has; whether what was asked for was done; or nothing. */
export type Answers = (f: string) => "value" | "done" | "nothing";

/**
 * Pairs calls with their answers. Times are places in the log. A call without an answer has an unknown outcome; one that had no effect is
 * left out, unless that says something: such as that a register did not have the value which a `cas` expected.
 *
 * @throws TroupeError `invalid-input` that names file and line, for an answer without a call, and a call while another one of that process is open.
 */
export function operationsOf(events: readonly PlacedEvent[], answers: Answers): readonly Operation[] {
  const operations = new Map<number, Operation>();
  const open = new Map<string | number, { readonly at: number; readonly call: PlacedEvent }>();
  for (const [at, placed] of events.entries()) {
    const { event } = placed;
    const { process, type, f, value } = event;
    const asked = open.get(process);
    if (type === "invoke") {
      if (asked !== undefined)
        throw wrongLine(
          placed,
          `the process ${process} calls again; its call in line ${asked.call.line} has no answer yet`,
        );
      open.set(process, { at, call: placed });
      operations.set(at, { process, input: inputOf(event), called: at });
      continue;
    }
    if (asked === undefined || asked.call.event.f !== f)
      throw wrongLine(placed, `the process ${process} is answered ${f}, which it has not called`);
    const called = operations.get(asked.at) as Operation;
    open.delete(process);
    if (type === "info") continue;
    const kind = answers(f);
    // a `fail` that repeats what was asked for says that it was not done
    const repeatsCall = kind === "done" && sameText(value, asked.call.event.value);
    if (type === "ok")
      operations.set(asked.at, { ...called, returned: at, ...answer(kind === "done" ? true : value, kind) });
    else if (repeatsCall) operations.set(asked.at, { ...called, returned: at, output: false });
    else operations.delete(asked.at);
  }
  return [...operations.values()];
}

function answer(output: unknown, kind: ReturnType<Answers>): Pick<Operation, "output"> {
  return kind === "nothing" ? {} : { output };
}

/** What a call asks for, as the models take it. */
function inputOf({ f, key, value }: HistoryEvent): unknown {
  return { f, ...(key === undefined ? {} : { key }), ...(value === undefined || value === null ? {} : { value }) };
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
