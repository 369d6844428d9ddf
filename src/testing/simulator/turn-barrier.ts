/** The barrier between two steps of a simulation: everything that promises can do has been done when it resolves. */
export function turnBarrier(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
