/** What is wrong with a whole input file, in one line for the user who named the file. */

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file: a part of the path is not a directory",
  EISDIR: "is a directory, not a file",
  EACCES: "may not be read: permission denied",
  EPERM: "may not be read: permission denied",
};

/** The input cannot be used at all. The message is one line and names the file, and the column where there is one. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.file = file;
  }
}

/** The InputError of a file that could not be opened or read; what the file system said is its cause. */
export function unreadable(file: string, cause: unknown): InputError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const said = cause instanceof Error ? cause.message : String(cause);
  return new InputError(file, CAUSES[code] ?? `may not be read: ${said.replaceAll(/\s+/g, " ")}`, { cause });
}
