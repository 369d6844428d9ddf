/** The port for how a thread is. */

/** A moment of a thread. Plain data: it crosses threads. */
export interface Vitals {
  /** Milliseconds since the thread began in which its event loop worked, and in which it waited. */
  readonly active: number;
  readonly idle: number;
  /** By how many milliseconds its event loop was late, since this was asked before. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
  /** In bytes. */
  readonly heapUsed: number;
  readonly heapLimit: number;
}

export interface VitalSigns {
  read(): Vitals;
}
