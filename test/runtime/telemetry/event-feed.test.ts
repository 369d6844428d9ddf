/** Who hears what of a system's events. */

import { expect, it } from "vitest";
import { EventFeed } from "../../../src/runtime/telemetry/event-feed.ts";
import type { SystemEvent } from "../../../src/runtime/telemetry/system-events.ts";

const recovered = (run: string): SystemEvent => ({ type: "run-recovered", time: 1, run });
const refused = (run: string): SystemEvent => ({ type: "run-refused", time: 2, run, error: new Error("no") });
const opened: SystemEvent = { type: "thread-opened", time: 0, thread: 1 };

function listenTo({ events$ }: EventFeed) {
  const heard: string[] = [];
  const subscription = events$.subscribe({
    next: (event) => heard.push("run" in event ? `${event.type} ${event.run}` : event.type),
    complete: () => heard.push("end"),
  });
  return { heard, stop: () => subscription.unsubscribe() };
}

it("the first listener hears of the recovery before it, and of nothing else that was before; others hear what comes", () => {
  const feed = new EventFeed();
  for (const event of [opened, recovered("a"), refused("b")]) feed.publish(event);
  const first = listenTo(feed);
  const second = listenTo(feed);
  feed.publish(recovered("c"));
  first.stop();
  feed.publish(opened);
  feed.complete();
  expect(first.heard).toEqual(["run-recovered a", "run-refused b", "run-recovered c"]);
  expect(second.heard).toEqual(["run-recovered c", "thread-opened", "end"]);
});

it("what is told while there is a listener waits for no other", () => {
  const feed = new EventFeed();
  listenTo(feed);
  feed.publish(recovered("a"));
  expect(listenTo(feed).heard).toEqual([]);
});

it("a listener that sets something off by what waited for it hears of that", () => {
  const feed = new EventFeed();
  feed.publish(refused("a"));
  const heard: string[] = [];
  feed.events$.subscribe(({ type }) => {
    heard.push(type);
    if (type === "run-refused") feed.publish({ type: "shutdown-began", time: 3, deadline: 0 });
  });
  expect(heard).toEqual(["run-refused", "shutdown-began"]);
});

it("a listener that comes after the end hears what waited, and that it is the end", () => {
  const feed = new EventFeed();
  feed.publish(recovered("a"));
  feed.complete();
  expect(listenTo(feed).heard).toEqual(["run-recovered a", "end"]);
  expect(listenTo(feed).heard).toEqual(["end"]);
});
