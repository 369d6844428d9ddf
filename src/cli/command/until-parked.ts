/** Waits for a run as far as it goes by itself. */

import type { Run } from "../../workflows/run.ts";
import type { RunView } from "../../workflows/history/run-view.ts";

/**
 * Resolves when a run only waits for an answer or a time, and `suffices` accepts that: to the run as it stands then. Never settles
 * for a run that ends before. Rejects if the run can't be viewed.
 */
export function untilParked(
  run: Pick<Run, "events$" | "view">,
  suffices: (view: RunView) => boolean = () => true,
): Promise<RunView> {
  return new Promise((resolve, reject) => {
    let looking: Promise<void> | undefined;
    let hasNews = false;
    const look = async (): Promise<void> => {
      do {
        hasNews = false;
        const view = await run.view();
        if (view.isParked && suffices(view)) resolve(view);
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
