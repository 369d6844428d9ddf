/** The commands there are, in the order in which the help lists them. */

import { cancel } from "./cancel-command.ts";
import { bisect } from "./bisect-command.ts";
import { blame } from "./blame-command.ts";
import type { Command } from "./command.ts";
import { diff } from "./diff-command.ts";
import { exportHistory } from "./export-command.ts";
import { history } from "./history-command.ts";
import { importHistory } from "./import-command.ts";
import { keys } from "./keys-command.ts";
import { resolve } from "./resolve-command.ts";
import { resume } from "./resume-command.ts";
import { retryCompensation } from "./retry-compensation-command.ts";
import { revert } from "./revert-command.ts";
import { run } from "./run-command.ts";
import { runs } from "./runs-command.ts";
import { show } from "./show-command.ts";
import { verify } from "./verify-command.ts";

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
