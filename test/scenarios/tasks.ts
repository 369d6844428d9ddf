/** What the scenarios are made of: an agent that notes, outside of any process, whatever it does, and worlds of both coordinations. */

import * as v from "valibot";
import { type Coordination, defineAgent, type RunRecord, type SystemOptions } from "../../src/index.ts";
import { type Scenario, simulate, type SimulateOptions, type World } from "../../src/testing/index.ts";

const coordinations: readonly Coordination[] = ["orchestrator", "relay"];
export const second = 1_000;
export const day = 86_400 * second;

/** What a task does: it takes its time and then says who did it. */
const Task = v.object({ ms: v.optional(v.number(), 0), fails: v.optional(v.boolean(), false) });

/** What was begun, done and undone in the world that is being played, by step. It is no part of a process: a crash leaves it. */
export const noted = { begun: [] as string[], done: [] as string[], undone: [] as string[] };

export const worker = defineAgent(import.meta.url, {
  name: "worker",
  version: "1.0.0",
  input: Task,
  output: v.object({ step: v.string(), at: v.number() }),
  concurrency: 8,
  async execute({ ms, fails }, context) {
    const step = String(context.step);
    noted.begun.push(step);
    if (ms > 0) await context.sleep(ms);
    if (fails) throw new Error(`${step} can't`);
    noted.done.push(step);
    return { step, at: context.now() };
  },
  compensate: ({ step }) => void noted.undone.push(step),
});

/** The scenario of a public report, in a world of its own for each coordination and schedule. */
export async function underBoth(
  scenario: (world: World, coordination: Coordination) => Promise<void>,
  { system = {}, ...options }: SimulateOptions & { readonly system?: SystemOptions } = {},
): Promise<void> {
  for (const coordination of coordinations) {
    const play: Scenario = (world) => {
      for (const list of Object.values(noted)) list.length = 0;
      return scenario(world, coordination);
    };
    await simulate(play, { seed: 1, runs: 10, ...options, system: { coordination, ...system } });
  }
}

/** The steps of a run's history that have an event of this type, in order. */
export const stepsWith = (history: readonly RunRecord[], type: RunRecord["event"]["type"]): string[] =>
  history.flatMap(({ event }) => (event.type === type && "step" in event ? [event.step] : []));

/** All orders of the items. */
export function orders<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first, at) => orders(items.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}
