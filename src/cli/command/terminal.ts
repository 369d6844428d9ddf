/** What a command needs from its process. */

export interface Terminal {
  /** The folder that relative paths start from. */
  readonly cwd: string;
  /** The environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints a line to stdout. Resolves when it is written, so that a slow reader slows the command. */
  print(line: string): Promise<void>;
  /** Prints a line to stderr. */
  note(line: string): void;
  /** Shows how far the command is, in place of the text before. Absent if stderr is no terminal. */
  readonly progress?: (text: string) => void;
  /** Whether printed text may have colours. */
  readonly colours: boolean;
  /** The data that arrives at stdin. */
  readonly input: AsyncIterable<Uint8Array | string>;
  /** Aborts when the command is to end early, such as on Ctrl-C. */
  readonly interrupted: AbortSignal;
}
