/** The port for randomness and ids. Production draws from the platform, the simulator from its seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An id that no other call returns, on any thread: lower-case letters, digits and `-`. */
  id(): string;
}
