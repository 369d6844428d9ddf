/** `troupe check-history`: whether a history of operations is linearizable. */

import * as v from "valibot";
import { checkLinearizability, type LinearizabilityReport } from "../../checkers/check-linearizability.ts";
import { exitCodes } from "../arguments/journal-arguments.ts";
import type { Command } from "../command/command.ts";
import { historyFormats, parseHistory } from "../input/history-file.ts";
import { operationsOf, type PlacedEvent } from "../input/history-operations.ts";
import { wrongLine } from "../input/input-row.ts";
import { readText } from "../input/read-text.ts";
import { loadModel, modelNames, type ReadModel } from "../modules/load-model.ts";
import { type Paint, painter } from "../output/paint.ts";

export const checkHistory: Command = {
  name: "check-history",
  summary: "say whether a history of operations is linearizable",
  flags: {
    format: { type: "string" },
    model: { type: "string" },
    budget: { type: "string" },
    json: { type: "boolean" },
  },
  read(given) {
    const [file = ""] = given.named("FILE");
    const name = given.required("model", "--model MODEL");
    const format = given.choice("format", historyFormats);
    const budget = given.wholeNumber("budget");
    const json = given.flag("json");
    return async ({ cwd, colours, print }) => {
      const read = await loadModel(name, cwd);
      const events = parseHistory(await readText(file, cwd), file, format);
      for (const event of events) checkInput(event, read);
      const report = checkLinearizability(
        read.model,
        operationsOf(events, read.answers),
        budget === undefined ? {} : { budget },
      );
      if (json) await print(JSON.stringify(report));
      else for (const line of linesOf(report, painter(colours))) await print(line);
      return report.linearizable === true ? 0 : 1;
    };
  },
  help: `troupe check-history: say whether a history of operations is linearizable

Usage:
  troupe check-history FILE --model MODEL [options]

Options:
  --model MODEL     what the operations were done on: ${modelNames.join(", ")}; or MODULE#EXPORT, a model of your own
  --format FORMAT   jsonl (default): a line of JSON for each event, such as
                    {"process":1,"type":"invoke","f":"write","value":4}; or jepsen, its log or its EDN
  --budget COUNT    how many orders of operations are explored before the answer is "unknown" (default: 2000000)
  --json            the report as one line of JSON
  -h, --help        this text

A history has an event of the type invoke when a process calls something, and one when it is answered: ok; fail, if it had no effect; info,
if that is unknown. Operations may have a key; each key is judged apart.

${exitCodes.replace("0 done, 1 failed", "0 linearizable, 1 not linearizable, unknown or failed")}`,
};

/** @throws TroupeError `invalid-input` for a call that the model doesn't have. */
function checkInput({ file, line, event }: PlacedEvent, { model, inputs }: ReadModel): void {
  if (event.type !== "invoke") return;
  const checked = v.safeParse(inputs, event);
  if (checked.success) return;
  const [issue] = checked.issues;
  const path = v.getDotPath(issue);
  throw wrongLine(
    { file, line },
    `is no call of the model ${model.name}: ${path === null ? "" : `${path}: `}expected ${issue.expected}, got ${issue.received}`,
  );
}

function linesOf(report: LinearizabilityReport, paint: Paint): readonly string[] {
  const { linearizable, model, operations, explored, violation } = report;
  const what = `${operations} operations, model ${model}, ${explored} orders explored`;
  if (linearizable === true) return [`${paint("green", "linearizable")}: ${what}`];
  if (violation === undefined)
    return [`${paint("yellow", "unknown")}: ${what}. Give a larger --budget, or check a shorter history.`];
  const { part, text } = violation;
  const key = part === undefined || part === "" ? [] : ["", `key ${part}:`];
  return [`${paint("red", "not linearizable")}: ${what}`, ...key, "", ...text.split("\n")];
}
