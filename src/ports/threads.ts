/** The port for threads: opening a thread host, watching it die, killing it. */

import type { Link } from "./link.ts";

/** Why a thread is gone. `closed`: it was asked to end. `error` is what the platform reported. */
export type ThreadExit = { readonly kind: "closed" } | { readonly kind: "died"; readonly error: unknown };

/** A thread that runs a thread host. `Control` is the interface that the host offers to its opener. */
export interface Thread<Control> {
  readonly control: Control;
  /** The link between the opener and this thread. */
  readonly link: Link;
  /** Resolves once when the thread is gone, whatever the reason. Never rejects. */
  readonly exit: Promise<ThreadExit>;
  /** Ends the thread at once, whatever it is doing. Resolves when it is gone. `reason` is the error of its exit. */
  kill(reason?: Error): Promise<void>;
}

export interface Threads<Settings, Control> {
  open(settings: Settings): Promise<Thread<Control>>;
  /** Gives two open threads a direct link. Resolves when both ends have it. */
  connect(a: Thread<Control>, b: Thread<Control>): Promise<void>;
  /** Releases what the port holds. Call it after all threads are gone. */
  close(): Promise<void>;
}
