/** The system of the support desk, on its journal: what both processes of the example work with. */

import { createSystem, isTroupeError, lmdbJournal, refusalOf, type Run, type System } from "troupe";
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

/** Prints what happens in a run from its event number `from` on. Resolves when it has ended, or when the system closes before. */
export async function follow(run: Run, from = 0): Promise<void> {
  let number = 0;
  run.events$.subscribe(({ event }) => {
    const words = number++ < from ? undefined : inWords(event);
    if (words !== undefined) console.log(`  ${run.id} ${words}`);
  });
  try {
    await run.result;
  } catch (error) {
    if (isTroupeError(error, "system-closed")) return; // it goes on next time
    console.log(`  ${run.id} failed: ${refusalOf(error)?.message ?? String(error)}`);
  }
}
