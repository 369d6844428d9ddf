/** What a frame has to have before it is handled: a thread on which code changed built-in objects may send anything (invariant 9). */

import type { Frame } from "./frame.ts";

type FieldType = "string" | "number" | "boolean" | "object";

const shapes: Readonly<Record<Frame["kind"], Readonly<Record<string, FieldType>>>> = {
  message: { id: "number", to: "string", type: "string", token: "number", deadline: "number", cause: "number" },
  reply: { id: "number", answer: "object", token: "number" },
  parts: { id: "number", attempt: "number", index: "number", values: "object", token: "number" },
  "parts-passed": { id: "number" },
  cancel: { to: "string", id: "number", code: "string" },
  credit: { to: "string", count: "number" },
  subscribe: { to: "string", subscription: "number" },
  unsubscribe: { to: "string", subscription: "number" },
  event: { subscription: "number" },
  "event-credit": { to: "string", subscription: "number", count: "number" },
  "stream-end": { subscription: "number", end: "object" },
  report: { report: "object" },
  spans: { spans: "object", dropped: "number" },
  stop: { actor: "string", mode: "string" },
  "to-authority": { message: "object" },
  "to-replica": { message: "object" },
  "child-command": { actor: "string", command: "object" },
  settled: { actor: "string", taken: "number", settled: "number" },
  located: { actor: "string", host: "number", incarnation: "number", settled: "number", inHand: "number" },
  departed: { actor: "string", reason: "string", settled: "number", inHand: "number" },
};

/** Returns the frame. @throws Error for what is no frame. */
export function checkedFrame<F extends Frame>(frame: F): F {
  if (typeof frame !== "object" || frame === null || !Object.hasOwn(shapes, frame.kind))
    throw new Error("a batch holds something that is no frame");
  const shape = shapes[frame.kind];
  const fields = frame as unknown as Readonly<Record<string, unknown>>;
  for (const name in shape) {
    const value = fields[name];
    if (typeof value !== shape[name] || value === null)
      throw new Error(`a frame "${frame.kind}" has no ${name} that is a ${shape[name]}`);
  }
  if (frame.kind === "reply" && !frame.answer.ok && typeof frame.answer.error !== "object")
    throw new Error("a reply is neither a value nor an error");
  return frame;
}
