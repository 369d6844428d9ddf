/** The system of the support desk, on its journal: what both processes of the example work with. */

import { createSystem, isTroupeError, lmdbJournal, refusalOf, type Run, type RunEvent, type System } from "troupe";
import { modelVariable } from "./model.ts";
import { inWords } from "./words.ts";

/** Opens it, in the folder that is the program's first argument, works, and closes it. Ctrl-C closes it before: what is open goes on next time. */
export async function inOffice(work: (system: System) => Promise<void>): Promise<void> {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("expected the folder of the journal");
  const system = await createSystem({
    journal: lmdbJournal(folder),
    threads: 2,
    env: [modelVariable, "TSX_TSCONFIG_PATH"], // the last one makes tsx find the package where it does here
    loadTimeout: 60_000, // a busy machine is long in compiling TypeScript
    shutdownOn: ["SIGINT", "SIGTERM"],
    shutdownDeadline: 1_000,
  });
  try {
    await work(system);
  } catch (error) {
    if (!isTroupeError(error, "system-closed")) throw error;
  } finally {
    await system.close();
  }
}

/** Prints what happens in a run. Resolves when it has ended, or when the system closes before. */
export async function follow(run: Run): Promise<void> {
  run.events$.subscribe(({ event }) => tell(run, event));
  await ended(run);
}

/** The same from event `from` on, and the answer word by word as the model writes it. */
export async function followLive(run: Run, from: number): Promise<void> {
  let number = 0;
  run.stream$.subscribe((item) => {
    if (item.kind === "part")
      process.stdout.write(`${item.index === 0 ? `  ${run.id} is answered: ` : ""}${String(item.value)}`);
    if (item.kind !== "event" || number++ < from) return;
    const { event } = item.record;
    if (event.type === "step-finished" && event.step === "answer") console.log();
    else tell(run, event);
  });
  await ended(run);
}

function tell({ id }: Run, event: RunEvent): void {
  const words = inWords(event);
  if (words !== undefined) console.log(`  ${id} ${words}`);
}

async function ended({ id, result }: Run): Promise<void> {
  try {
    await result;
  } catch (error) {
    if (isTroupeError(error, "system-closed")) return; // it goes on next time
    console.log(`  ${id} failed: ${refusalOf(error)?.message ?? String(error)}`);
  }
}
