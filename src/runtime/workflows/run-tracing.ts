/** How the supervisor of runs knows the places of their attempts in traces. */

import { runState } from "../../workflows/history/run-state.ts";
import type { RunTracing } from "../../workflows/supervisor/supervisor-ports.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { HomeHost } from "../host/home-host.ts";

/** Which runs are recorded. */
export type RunPlaces = Pick<RunTracing, "traceOf">;

export function runTracing({ host, authority }: HomeHost, { traceOf }: RunPlaces): RunTracing | undefined {
  const { recorder } = host;
  if (recorder === undefined) return undefined;
  return {
    traceOf,
    recorder,
    startOf(run) {
      try {
        const first = authority.at(stateKey(runState, run), 1);
        return first instanceof Promise ? first.then((found) => found?.time, unknown) : first?.time;
      } catch {
        return undefined; // the run goes on, and what it does next says what is wrong with the store
      }
    },
  };
}

function unknown(): undefined {}
