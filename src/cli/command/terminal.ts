/** What the command needs of the process it runs in. */

export interface Terminal {
  /** The folder that paths are taken from. */
  readonly cwd: string;
  /** Prints a line to stdout. Resolves when it has left, so that whoever reads slowly slows the command. */
  print(line: string): Promise<void>;
  /** Prints a line to stderr. */
  note(line: string): void;
  /** Says how far the command is, in the place of what it said before; not there where nobody looks on. */
  readonly progress?: (text: string) => void;
  /** Whether what is printed may have colours. */
  readonly colours: boolean;
  /** What comes in at stdin. */
  readonly input: AsyncIterable<Uint8Array | string>;
  /** Aborts when the command is to end early, such as on Ctrl-C. */
  readonly interrupted: AbortSignal;
}
