/** The commands there are, in the order in which the help lists them. */

import { cancel } from "./commands/cancel-command.ts";
import { bisect } from "./commands/bisect-command.ts";
import { blame } from "./commands/blame-command.ts";
import type { Command } from "./command.ts";
import { diff } from "./commands/diff-command.ts";
import { exportHistory } from "./commands/export-command.ts";
import { history } from "./commands/history-command.ts";
import { importHistory } from "./commands/import-command.ts";
import { keys } from "./commands/keys-command.ts";
import { resolve } from "./commands/resolve-command.ts";
import { resume } from "./commands/resume-command.ts";
import { retryCompensation } from "./commands/retry-compensation-command.ts";
import { revert } from "./commands/revert-command.ts";
import { run } from "./commands/run-command.ts";
import { runs } from "./commands/runs-command.ts";
import { show } from "./commands/show-command.ts";
import { verify } from "./commands/verify-command.ts";

export const commands: readonly Command[] = [
  run,
  runs,
  resume,
  cancel,
  retryCompensation,
  resolve,
  keys,
  history,
  show,
  diff,
  bisect,
  blame,
  revert,
  exportHistory,
  importHistory,
  verify,
];
