/**
 * Invariant 11, the part that SIGKILL can't show: the page cache survives it, so a missing flush goes unnoticed. The order
 * of flush and acknowledgement is read off the system calls. Wants `npm run build` first, and `strace`.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { needTracing } from "./failing-calls.ts";
import { flushOrder, straceArguments } from "./flush-order.ts";

const data = "/j/data-1.mdb";
const open = `7 openat(AT_FDCWD</>, "${data}", O_WRONLY|O_DSYNC|O_CLOEXEC) = 20<${data}>`;
const page = `8 pwrite64(19<${data}>, "..."..., 4096, 8192) = 4096`;
const flush = `8 fdatasync(19<${data}>) = 0`;
const meta = `8 pwrite64(20<${data}>, "..."..., 128, 40) = 128`;
const ack = `7 write(1<pipe:[1]>, "ack 1\\n", 6) = 6`;

describe("the order of calls", () => {
  it.each([
    ["data, flush, meta page, acknowledgement", [open, page, flush, meta, ack], 0],
    ["no flush", [open, page, meta, ack], 2],
    ["no meta page", [open, page, flush, ack], 1],
    ["a flush that comes late", [open, page, meta, flush, ack], 2],
    ["data after the flush", [open, flush, page, meta, ack], 2],
    ["the acknowledgement first", [open, page, flush, ack, meta], 2],
    ["a flush that failed", [open, page, `8 fdatasync(19<${data}>) = -1 EIO`, meta, ack], 2],
    ["one flush for two acknowledgements", [open, page, flush, meta, ack, ack], 1],
    [
      "a flush that is still under way",
      [
        open,
        page,
        `8 fdatasync(19<${data}> <unfinished ...>`,
        meta.replace("8", "9"),
        ack,
        "8 <... fdatasync resumed>) = 0",
      ],
      2,
    ],
    [
      "a flush that took its time",
      [open, page, `8 fdatasync(19<${data}> <unfinished ...>`, "8 <... fdatasync resumed>) = 0", meta, ack],
      0,
    ],
  ])("%s: %#", (_what, lines, violations) => {
    expect(flushOrder(lines.join("\n")).violations).toHaveLength(violations);
  });

  it("has every acknowledgement behind the flush of what it acknowledges (invariant 11)", ({ skip }) => {
    needTracing(skip);
    const directory = mkdtempSync(join(tmpdir(), "troupe-trace-"));
    const program = fileURLToPath(new URL("./fixtures/acknowledged-appends.mjs", import.meta.url));
    const trace = join(directory, "trace");
    const command = [...straceArguments, "-o", trace, process.execPath, program, join(directory, "journal")];
    const { stderr } = spawnSync("strace", command, { encoding: "utf8" });
    const read = existsSync(trace) ? readFileSync(trace, "utf8") : stderr;
    rmSync(directory, { recursive: true });
    const { acknowledgements, violations } = flushOrder(read);
    expect(violations).toEqual([]);
    expect(acknowledgements).toBe(25);
  });
});
