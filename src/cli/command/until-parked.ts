/** Waits for a run as far as it goes by itself. */

import type { Run } from "../../workflows/run.ts";

/** Resolves, to `true`, when a run only waits for an answer or a time; never for one that ends before. */
export function untilParked(run: Run): Promise<true> {
  return new Promise((resolve, reject) => {
    let looking: Promise<void> | undefined;
    let hasNews = false;
    const look = async (): Promise<void> => {
      do {
        hasNews = false;
        if ((await run.view()).isParked) resolve(true);
      } while (hasNews);
      looking = undefined;
    };
    let hasWaits = false;
    run.events$.subscribe({
      next: ({ event }) => {
        hasWaits ||= event.type === "wait-opened";
        hasNews = true;
        if (hasWaits) looking ??= look().catch(reject);
      },
      error: () => undefined, // the run's result has the error, too
    });
  });
}
