/** nact as a peer, if it is installed in `bench/peers`: `npm install --prefix bench/peers`. Its actors share the main thread. */

/** What the benches use of it. */
export interface Nact {
  start(): unknown;
  spawnStateless(parent: unknown, handle: (message: unknown) => void, name: string): unknown;
  stop(actor: unknown): void;
}

/** `undefined` where it isn't installed, which is said. */
export async function loadNact(): Promise<Nact | undefined> {
  const name = "nact"; // by a name that the compiler doesn't look up: the project doesn't depend on it
  try {
    return ((await import(name)) as { readonly default: Nact }).default;
  } catch {
    console.error("nact isn't installed: npm install --prefix bench/peers. Its figures are left out.");
    return undefined;
  }
}
