/** What the commands that open an inspector have in common. */

import type { InspectorOptions } from "../../inspector/inspector-options.ts";
import type { Arguments, Flags } from "./arguments.ts";

export const inspectorFlags = {
  port: { type: "string" },
  host: { type: "string" },
  "allow-host": { type: "string", multiple: true },
  content: { type: "string" },
} as const satisfies Flags;

/** The lines of {@link inspectorFlags} in help texts. */
export const inspectorHelp = `  --port N              the port of the page (default: 4380, or another one if that is taken)
  --host ADDRESS        where to listen (default: 127.0.0.1, for this machine only)
  --allow-host NAME     a further name by which the page is reached, such as a proxy's; may be given several times
  --content WHAT        all (default), or none: without inputs, outputs, states and messages of errors`;

/** @throws TroupeError `invalid-options`. */
export function readInspector(given: Arguments): Omit<InspectorOptions, "onOpen"> {
  const port = given.wholeNumber("port", 65_535);
  const host = given.optional("host", "--host ADDRESS");
  return {
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    hosts: given.texts("allow-host"),
    content: given.choice("content", ["all", "none"]),
  };
}
