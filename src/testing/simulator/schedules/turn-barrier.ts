/** The barriers between the steps of a simulation. */

/** The real one, whatever stands in for it later. */
const { setImmediate } = globalThis;

/**
 * Everything that promises can do has been done when it resolves. Node runs a tick after all microtasks; `setImmediate`, which goes once
 * round the event loop, takes three times as long (`bench/races.ts`).
 */
export function turnBarrier(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** The same, after the event loop had its turn: an immediate has come, and signals are heard. */
export function loopBarrier(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
