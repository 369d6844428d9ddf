/** Lets everything that is ready run: all microtasks, and those they start. */
export function settleAll(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
