/** All commands, in the order of the help. */

import { cancel } from "./commands/cancel.ts";
import { bisect } from "./commands/bisect.ts";
import { blame } from "./commands/blame.ts";
import { checkHistory } from "./commands/check-history.ts";
import type { Command } from "./command/command.ts";
import { dev } from "./commands/dev.ts";
import { diff } from "./commands/diff.ts";
import { erase } from "./commands/erase.ts";
import { exportHistory } from "./commands/export.ts";
import { forget } from "./commands/forget.ts";
import { history } from "./commands/history.ts";
import { importHistory } from "./commands/import.ts";
import { inspect } from "./commands/inspect.ts";
import { keys } from "./commands/keys.ts";
import { resolve } from "./commands/resolve.ts";
import { resume } from "./commands/resume.ts";
import { retryCompensation } from "./commands/retry-compensation.ts";
import { revert } from "./commands/revert.ts";
import { run } from "./commands/run.ts";
import { runs } from "./commands/runs.ts";
import { show } from "./commands/show.ts";
import { showRun } from "./commands/show-run.ts";
import { tell } from "./commands/tell.ts";
import { trace } from "./commands/trace.ts";
import { undo } from "./commands/undo.ts";
import { verify } from "./commands/verify.ts";

export const commands: readonly Command[] = [
  run,
  dev,
  inspect,
  runs,
  showRun,
  trace,
  resume,
  tell,
  cancel,
  undo,
  retryCompensation,
  resolve,
  forget,
  keys,
  history,
  show,
  diff,
  bisect,
  blame,
  revert,
  erase,
  exportHistory,
  importHistory,
  verify,
  checkHistory,
];
