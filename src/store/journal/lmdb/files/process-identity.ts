/** Tells whether a process id still stands for the same process: ids are reused, above all number 1 in containers. */

import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's ticks; absent if the system doesn't tell. */
  readonly started?: string;
  /** The boot of the machine that it belongs to. */
  readonly boot?: string;
}

export function ownIdentity(): ProcessIdentity {
  const started = startOf(process.pid);
  const boot = bootId();
  return {
    pid: process.pid,
    ...(started === undefined ? {} : { started }),
    ...(boot === undefined ? {} : { boot }),
  };
}

/**
 * True while that very process runs. If the system doesn't tell when a process started, true while any process with
 * that id runs.
 */
export function isRunning({ pid, started, boot }: ProcessIdentity): boolean {
  if (boot !== undefined && boot !== bootId()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return started === undefined || started === startOf(pid);
}

/**
 * When a process started: field 22 of `stat`. The second field, the command in parentheses, may contain any character.
 * A zombie counts as ended.
 */
function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return state === "Z" ? "zombie" : fields[18];
}

function bootId(): string | undefined {
  return read("/proc/sys/kernel/random/boot_id")?.trim();
}

/** @throws Error for a file that may be there: a process that can't be told must not count as ended. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
