/** How this thread is, as Node.js and V8 tell. */

import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { VitalSigns } from "../../ports/vitals.ts";

/** Milliseconds between two looks at how late the event loop is. */
const resolution = 20;

/** Looks at the event loop from now on. */
export function nodeVitals(): VitalSigns {
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  return {
    read() {
      const { active, idle } = performance.eventLoopUtilization();
      const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution);
      const delay =
        delays.count === 0
          ? { p50: 0, p99: 0, max: 0 }
          : { p50: late(delays.percentile(50)), p99: late(delays.percentile(99)), max: late(delays.max) };
      delays.reset();
      const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
      return { active, idle, delay, heapUsed, heapLimit };
    },
  };
}
