/** What an inspector shows of the application's data, and how: cut, redacted, or not at all. */

import type { EncodedError } from "../../errors/error-codec.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { cut } from "../../errors/foreign-value.ts";
import type { TraceOptions } from "../../traces/content.ts";
import * as names from "../../traces/semantic-names.ts";
import { plainJson as plain } from "../../values/plain-json.ts";
import type { RunEvent } from "../../workflows/history/run-event.ts";
import type { RunRecord } from "../../workflows/history/run-history.ts";

import type { PeekedValue } from "./peeked-actor.ts";

/** Stands for what is not shown. */
const hidden = "(hidden)";

/** A value as a page shows it. */
export interface Shown {
  /** Its JSON, or the beginning of it. */
  readonly json: string;
  /** True when it is longer than that. */
  readonly isCut?: true;
}

/** How many characters of a value are shown. */
const longest = 16_384;
const mostCauses = 8;

/** An error as a page shows it, without details. */
export interface ShownError {
  readonly name: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: ShownError;
}

export class Content {
  readonly #options: TraceOptions;

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  /** The value, or what is to be shown in its place. */
  value(attribute: string, value: unknown): unknown {
    const { content, redact } = this.#options;
    if (content === "none") return hidden;
    if (redact === undefined) return value;
    try {
      return redact(attribute, value) ?? hidden;
    } catch {
      return hidden; // what can't be redacted is not shown
    }
  }

  shown(attribute: string, value: unknown): Shown {
    return shownAsIs(this.value(attribute, value));
  }

  /** Shows a value of which there is only the JSON. */
  fromJson(attribute: string, { json, isCut }: PeekedValue): Shown {
    const { content, redact } = this.#options;
    // what is not whole can't be redacted
    if (content === "none" || (redact !== undefined && isCut === true)) return shownAsIs(hidden);
    if (redact !== undefined) return this.shown(attribute, JSON.parse(json));
    return json.length <= longest && isCut !== true ? { json } : { json: cut(json, longest), isCut: true };
  }

  text(attribute: string, text: string): string {
    const kept = this.value(attribute, text);
    return typeof kept === "string" ? cut(kept, longest) : plain(kept);
  }

  error(error: unknown): ShownError {
    return this.#error(encodeError(error), mostCauses);
  }

  encoded(error: EncodedError): ShownError {
    return this.#error(error, mostCauses);
  }

  /** The record with what is to be shown of its data. */
  record(record: RunRecord): RunRecord {
    return { ...record, event: this.#event(record.event) };
  }

  #event(event: RunEvent): RunEvent {
    switch (event.type) {
      case "run-started":
      case "step-started":
        return { ...event, input: this.#payload(names.inputValue, event.input) };
      case "step-finished": {
        const { fallbackFor } = event;
        const output = this.#payload(names.outputValue, event.output);
        return fallbackFor === undefined
          ? { ...event, output }
          : { ...event, output, fallbackFor: this.#encoded(fallbackFor) };
      }
      case "wait-opened":
        return "question" in event ? { ...event, question: this.#payload(names.inputValue, event.question) } : event;
      case "wait-answered":
        return { ...event, answer: this.#payload(names.outputValue, event.answer) };
      case "loop-told":
        return { ...event, message: this.#payload(names.inputValue, event.message) };
      case "step-skipped":
        return "output" in event ? { ...event, output: this.#payload(names.outputValue, event.output) } : event;
      case "step-failed":
      case "compensation-failed":
        return { ...event, error: this.#encoded(event.error) };
      case "cancel-requested":
      case "undo-requested":
        return event.reason === undefined ? event : { ...event, reason: this.text(names.reason, event.reason) };
      case "run-resolved":
        return { ...event, note: this.text(names.reason, event.note) };
      case "run-ended":
        return {
          ...event,
          ...("output" in event ? { output: this.#payload(names.outputValue, event.output) } : {}),
          ...(event.error === undefined ? {} : { error: this.#encoded(event.error) }),
          ...(event.reason === undefined ? {} : { reason: this.text(names.reason, event.reason) }),
        };
      default:
        return event;
    }
  }

  #payload(attribute: string, value: unknown): never {
    return this.value(attribute, value) as never; // records are decoded: their payloads are any values
  }

  #encoded(error: EncodedError): EncodedError {
    const { kind, ...rest } = { ...error };
    return { kind, ...this.#error(rest, mostCauses) } as EncodedError;
  }

  #error({ name, message, code, stack, cause }: Omit<EncodedError, "kind">, causes: number): ShownError {
    const said = this.text(names.exceptionMessage, message);
    return {
      name,
      message: said,
      ...(code === undefined ? {} : { code }),
      // a stack begins with the message, so it is shown only where the message is, unchanged
      ...(stack === undefined || said !== message ? {} : { stack: cut(stack, longest) }),
      ...(cause === undefined || causes === 0 ? {} : { cause: this.#error(cause, causes - 1) }),
    };
  }
}

/** Shows a value without a look at the options, only cut: the caller has decided that it may be shown. */
export function shownAsIs(value: unknown): Shown {
  const json = plain(value);
  return json.length <= longest ? { json } : { json: cut(json, longest), isCut: true };
}
