/** The options of an inspector, their defaults, and the check of what was given. */

import * as v from "valibot";
import type { TraceOptions } from "../traces/content.ts";

/**
 * How an inspector is reached, and what it shows and allows. See `createSystem`.
 *
 * @since 0.1.0
 */
export interface InspectorOptions extends TraceOptions {
  /** Default: 4380, or another one if that is taken. 0 for any. A port that is given and taken is an error. */
  readonly port?: number;
  /** The address to listen at. Default `"127.0.0.1"`: this machine only. Others can read along what crosses the network. */
  readonly host?: string;
  /** Further names by which it may be reached, as a proxy has them. Default: none but those of this machine, and `host`. */
  readonly hosts?: readonly string[];
  /** True to show only: no command is carried out. Default false. */
  readonly readOnly?: boolean;
  /** As for traces, but `"all"` is the default: only people with the inspector's token see what it shows. */
  readonly content?: "none" | "all";
  /** Called with the URL, which has the token in it. Default: it is a line on stderr. */
  readonly onOpen?: (url: string) => void;
}

export interface InspectorSettings {
  /** `undefined` for the usual one, or another. */
  readonly port: number | undefined;
  readonly host: string;
  readonly hosts: readonly string[];
  readonly isReadOnly: boolean;
  readonly content: TraceOptions;
  readonly onOpen: (url: string) => void;
}

export const inspectorSchema = v.strictObject({
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
  host: v.optional(v.pipe(v.string(), v.minLength(1))),
  hosts: v.optional(v.array(v.string())),
  readOnly: v.optional(v.boolean()),
  content: v.optional(v.picklist(["none", "all"])),
  redact: v.optional(
    v.custom<NonNullable<TraceOptions["redact"]>>((value) => typeof value === "function", "expected a function"),
  ),
  onOpen: v.optional(v.custom<(url: string) => void>((value) => typeof value === "function", "expected a function")),
});

export function inspectorSettings(options: InspectorOptions): InspectorSettings {
  const {
    port,
    host = "127.0.0.1",
    hosts = [],
    readOnly = false,
    content = "all",
    redact,
    onOpen = tellOnStderr,
  } = options;
  return {
    port,
    host,
    hosts,
    isReadOnly: readOnly,
    content: { content, ...(redact === undefined ? {} : { redact }) },
    onOpen,
  };
}

function tellOnStderr(url: string): void {
  process.stderr.write(`Troupe's inspector: ${url}\n`);
}
