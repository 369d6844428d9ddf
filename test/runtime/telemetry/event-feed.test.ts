/** Who hears what of a system's events. */

import { expect, it } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import { EventFeed } from "../../../src/runtime/telemetry/event-feed.ts";
import type { Untimed } from "../../../src/runtime/telemetry/system-events.ts";

const recovered = (run: string): Untimed => ({ type: "run-recovered", run });
const refused = (run: string): Untimed => ({ type: "run-refused", run, error: new Error("no") });
const opened: Untimed = { type: "thread-opened", thread: 1 };

const logged: string[] = [];
const newFeed = (): EventFeed => new EventFeed(new FakeClock(), { event: ({ type }) => void logged.push(type) });

function listenTo({ events$ }: EventFeed) {
  const heard: string[] = [];
  const subscription = events$.subscribe({
    next: (event) => heard.push("run" in event ? `${event.type} ${event.run}` : event.type),
    complete: () => heard.push("end"),
  });
  return { heard, stop: () => subscription.unsubscribe() };
}

it("the first listener hears of the recovery before it, and of nothing else that was before; others hear what comes", () => {
  const feed = newFeed();
  for (const event of [opened, recovered("a"), refused("b")]) feed.publish(event);
  const first = listenTo(feed);
  const second = listenTo(feed);
  feed.publish(recovered("c"));
  first.stop();
  feed.publish(opened);
  feed.complete();
  expect(first.heard).toEqual(["run-recovered a", "run-refused b", "run-recovered c"]);
  expect(second.heard).toEqual(["run-recovered c", "thread-opened", "end"]);
  expect(logged).toEqual(["thread-opened", "run-recovered", "run-refused", "run-recovered", "thread-opened"]);
});

it("what is told while there is a listener waits for no other", () => {
  const feed = newFeed();
  listenTo(feed);
  feed.publish(recovered("a"));
  expect(listenTo(feed).heard).toEqual([]);
});

it("a listener that sets something off by what waited for it hears of that", () => {
  const feed = newFeed();
  feed.publish(refused("a"));
  const heard: string[] = [];
  feed.events$.subscribe(({ type }) => {
    heard.push(type);
    if (type === "run-refused") feed.publish({ type: "shutdown-began", deadline: 0 });
  });
  expect(heard).toEqual(["run-refused", "shutdown-began"]);
});

it("a listener that comes after the end hears what waited, and that it is the end", () => {
  const feed = newFeed();
  feed.publish(recovered("a"));
  feed.complete();
  expect(listenTo(feed).heard).toEqual(["run-recovered a", "end"]);
  expect(listenTo(feed).heard).toEqual(["end"]);
});
