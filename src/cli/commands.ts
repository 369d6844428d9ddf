/** All commands, in the order of the help. */

import { cancel } from "./commands/cancel.ts";
import { bisect } from "./commands/states/bisect.ts";
import { blame } from "./commands/states/blame.ts";
import { checkHistory } from "./commands/check-history.ts";
import type { Command } from "./command/command.ts";
import { dev } from "./commands/dev.ts";
import { diff } from "./commands/states/diff.ts";
import { erase } from "./commands/states/erase.ts";
import { exportHistory } from "./commands/states/export.ts";
import { forget } from "./commands/forget.ts";
import { history } from "./commands/states/history.ts";
import { importHistory } from "./commands/states/import.ts";
import { inspect } from "./commands/inspect.ts";
import { keys } from "./commands/states/keys.ts";
import { migrate } from "./commands/migrate.ts";
import { queues } from "./commands/queues.ts";
import { bench } from "./commands/bench.ts";
import { race } from "./commands/race.ts";
import { resolve } from "./commands/resolve.ts";
import { resume } from "./commands/resume.ts";
import { retryCompensation } from "./commands/retry-compensation.ts";
import { revert } from "./commands/states/revert.ts";
import { run } from "./commands/run.ts";
import { runs } from "./commands/runs.ts";
import { schedules } from "./commands/schedules.ts";
import { show } from "./commands/states/show.ts";
import { showRun } from "./commands/show-run.ts";
import { tell } from "./commands/tell.ts";
import { trace } from "./commands/trace.ts";
import { undo } from "./commands/undo.ts";
import { fork } from "./commands/fork.ts";
import { verify } from "./commands/states/verify.ts";

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
  fork,
  retryCompensation,
  resolve,
  migrate,
  schedules,
  queues,
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
  race,
  bench,
];
