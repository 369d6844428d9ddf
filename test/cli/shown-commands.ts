/** Commands as a page of the documentation shows them, in fences of the language `console`. */

import { fencesOf } from "../docs/markdown.ts";

export interface ShownCommand {
  /** What is typed after `troupe`. */
  readonly args: readonly string[];
  /** What it prints; `…` stands for anything. */
  readonly output: RegExp;
}

export function shownCommands(page: string): readonly ShownCommand[] {
  return fencesOf(page)
    .filter(({ language }) => language === "console")
    .flatMap(({ code }) => code.split(/^\$ troupe /m).slice(1))
    .map((each) => {
      const [command = "", ...lines] = each.trimEnd().split("\n");
      return { args: command.split(" "), output: pattern(lines.join("\n")) };
    });
}

/** The text itself, with `…` for anything. */
function pattern(text: string): RegExp {
  const parts = text.split("…").map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
