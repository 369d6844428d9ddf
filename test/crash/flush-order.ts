/** Reads a trace of system calls and tells whether every acknowledgement came after the flush of what it acknowledges. */

/** The arguments of `strace` for a trace that {@link flushOrder} reads. */
export const straceArguments = [
  "-f",
  "-y",
  "-e",
  "trace=openat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,msync,sync_file_range",
];

interface Call {
  readonly name: string;
  readonly rest: string;
  /** The lines where it began and ended. */
  readonly began: number;
  readonly ended: number;
}

export interface FlushOrder {
  readonly acknowledgements: number;
  readonly violations: readonly string[];
}

/**
 * An acknowledgement is a write of `ack` to standard output. Before it, and after the one before, there must be: a flush of the
 * data file; after the end of that, a write through the handle that was opened with `O_DSYNC` (the meta page, which puts
 * the transaction in force) that ended; and between flush and meta page no write of data.
 */
export function flushOrder(trace: string): FlushOrder {
  const violations: string[] = [];
  const calls = callsOf(trace);
  const syncedHandles = new Set(
    calls.flatMap(({ name, rest }) => {
      const handle = name === "openat" && rest.includes("O_DSYNC") ? /= (\d+)</.exec(rest)?.[1] : undefined;
      return handle === undefined ? [] : [handle];
    }),
  );
  let acknowledgements = 0;
  let flushed: Call | undefined;
  let inForce: Call | undefined;
  for (const call of calls.toSorted((a, b) => a.ended - b.ended)) {
    const handle = /^(\d+)</.exec(call.rest)?.[1] ?? "";
    const isData = call.rest.includes(".mdb>");
    const isWrite = call.name.includes("write");
    if (isData && call.name === "fdatasync" && call.rest.endsWith("= 0")) flushed = call;
    else if (isData && isWrite && syncedHandles.has(handle)) {
      if (flushed !== undefined && flushed.ended < call.began) inForce = call;
      else violations.push(`line ${call.began}: the meta page was written before the data was flushed`);
    } else if (isData && isWrite) flushed = undefined;
    else if (isWrite && handle === "1" && call.rest.includes('"ack')) {
      acknowledgements++;
      if (inForce === undefined || inForce.ended > call.began)
        violations.push(`line ${call.began}: an acknowledgement without a flush before it`);
      inForce = undefined;
      flushed = undefined;
    }
  }
  return { acknowledgements, violations };
}

/** Joins calls that another thread's came in between of. */
function callsOf(trace: string): readonly Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, { readonly name: string; readonly rest: string; readonly began: number }>();
  for (const [line, text] of trace.split("\n").entries()) {
    const [, thread = "", name = "", rest = ""] = /^(\d+)\s+(\w+)\((.*)$/.exec(text) ?? [];
    const [, resumed = "", resumedName = "", end = ""] = /^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$/.exec(text) ?? [];
    if (resumed !== "") {
      const start = unfinished.get(resumed);
      if (start?.name === resumedName) calls.push({ ...start, rest: start.rest + end, ended: line });
    } else if (rest.endsWith("<unfinished ...>")) {
      unfinished.set(thread, { name, rest: rest.slice(0, -"<unfinished ...>".length), began: line });
    } else if (name !== "") calls.push({ name, rest, began: line, ended: line });
  }
  return calls;
}
