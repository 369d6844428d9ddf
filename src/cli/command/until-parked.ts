/** Waits for a run as far as it goes by itself. */

import type { Run } from "../../workflows/run.ts";
import type { RunView } from "../../workflows/history/run-view.ts";

/**
 * Resolves, to the run as it stands, when it only waits for an answer or a time, and `suffices` says that this is where it is left;
 * never for one that ends before.
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
