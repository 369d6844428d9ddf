import { expect, test } from "vitest";
import { LiveView } from "../../src/inspector/http/live-view.ts";
import { FakeClock } from "../runtime/fake-clock.ts";

interface Page {
  readonly written: string[];
  isReady: boolean;
}

function open(look: () => string, mark: () => string) {
  const clock = new FakeClock();
  const page: Page = { written: [], isReady: true };
  let looks = 0;
  const view = new LiveView({
    clock,
    sink: {
      get isReady() {
        return page.isReady;
      },
      write: (text) => void page.written.push(text),
    },
    look: async () => {
      looks++;
      return look();
    },
    mark,
  });
  view.start();
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 500) {
      await settled();
      clock.pass(500);
    }
    await settled();
  };
  return { view, page, pass, looks: () => looks };
}

/** A look is a few promises. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test("a view is sent at once, and again when it has changed", async () => {
  let n = 1;
  const { page, pass } = open(
    () => `{"n":${n}}`,
    () => String(n),
  );
  await pass(1_000);
  n = 2;
  await pass(1_000);
  expect(page.written).toEqual(['id: 1\ndata: {"n":1}\n\n', 'id: 2\ndata: {"n":2}\n\n']);
});

test("nothing is looked at while nothing happens, but for what time changes", async () => {
  const { looks, pass } = open(
    () => "{}",
    () => "same",
  );
  await pass(10_000);
  expect(looks()).toBeLessThanOrEqual(6);
});

test("a reader that is slow gets the newest when it is back, and nothing waits for it", async () => {
  let n = 0;
  const { page, pass, looks } = open(
    () => `{"n":${n}}`,
    () => String(n),
  );
  await pass(500);
  page.isReady = false;
  const before = looks();
  for (n = 1; n < 50; n++) await pass(500);
  expect(looks()).toBe(before);
  expect(page.written).toHaveLength(1);
  page.isReady = true;
  await pass(500);
  expect(page.written.at(-1)).toContain('{"n":50}');
  expect(page.written).toHaveLength(2);
});

test("a reader of what doesn't change hears that it is connected", async () => {
  const { page, pass } = open(
    () => "{}",
    () => "same",
  );
  await pass(40_000);
  expect(page.written.filter((text) => text === ":\n\n")).toHaveLength(2);
});

test("after its end it looks at nothing", async () => {
  let n = 0;
  const { view, looks, pass } = open(
    () => String(n),
    () => String(n),
  );
  await pass(500);
  view.end();
  const before = looks();
  n++;
  await pass(5_000);
  expect(looks()).toBe(before);
});
