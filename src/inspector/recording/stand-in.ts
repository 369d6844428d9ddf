/**
 * The script that a recording's page has in the place of a server: it answers from what is in the file. It runs in the page, before the
 * page's own script. Here it is text, as in the file.
 */

import { notRecorded } from "./recording.ts";

/** The id of the element that holds the recording. */
export const recordingId = "recording";

export const standIn = `"use strict";
{
  const { opens, answers } = JSON.parse(document.getElementById("${recordingId}").textContent);
  const ofLists = new Set(["limit", "offset", "before", "to"]);
  const answer = (address) => {
    const { pathname, searchParams } = new URL(address, "http://recording");
    const view = pathname.slice(pathname.lastIndexOf("/") + 1);
    const kept = [...searchParams].filter(([name, value]) => value !== "" && !ofLists.has(name));
    const name = [view, ...kept.map(([key, value]) => key + "=" + value).sort()].join(" ");
    if (Object.hasOwn(answers, name)) return { api: 1, view, data: answers[name] };
    const error = { code: "no-such-key", message: ${JSON.stringify(notRecorded)} };
    return { error };
  };
  if (location.hash === "") location.hash = "#/" + opens;
  globalThis.fetch = async (address, options) => {
    const known = (options?.method ?? "GET") === "GET" ? answer(address) : { error: { code: "read-only", message: "a recording only shows" } };
    return { ok: known.error === undefined, json: async () => known, text: async () => JSON.stringify(known) };
  };
  globalThis.EventSource = class extends EventTarget {
    static CLOSED = 2;
    readyState = 1;
    constructor(address) {
      super();
      queueMicrotask(() => {
        if (this.readyState === 1) this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(answer(address)) }));
      });
    }
    close() {
      this.readyState = 2;
    }
  };
}
`;
