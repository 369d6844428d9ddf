/** Threads that are open before their system is there: none is given twice, none is left. */

import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import { deferred } from "../../../src/async/deferred.ts";
import type { ThreadExit } from "../../../src/ports/threads.ts";
import type { HostSettings } from "../../../src/runtime/host/host-settings.ts";
import type { HostThread, HostThreads } from "../../../src/runtime/threads/host-threads.ts";
import { threadsAhead } from "../../../src/runtime/threads/threads-ahead.ts";
import { failure } from "../../store/support/failure.ts";

const settings = (id: number): HostSettings => ({ id: hostId(id) }) as HostSettings;

interface FakeThread extends HostThread {
  readonly id: number;
  readonly die: (exit: ThreadExit) => void;
}

function fakeThreads(failing: readonly number[] = []) {
  const open = new Set<FakeThread>();
  let opened = 0;
  let isClosed = false;
  const threads = {
    async open({ id }: HostSettings) {
      opened++;
      await Promise.resolve();
      if (failing.includes(id)) throw new Error(`thread ${id} can't start`);
      const exit = deferred<ThreadExit>();
      const die = (how: ThreadExit): void => {
        open.delete(thread);
        exit.resolve(how);
      };
      const kill = async (): Promise<void> => die({ kind: "died", error: new Error("killed") });
      const thread = { id, exit: exit.promise, kill, die } as unknown as FakeThread;
      open.add(thread);
      return thread;
    },
    connect: async () => undefined,
    close: async () => void (isClosed = true),
  };
  return { threads: threads as HostThreads, open, opened: () => opened, isClosed: () => isClosed };
}

describe("threads that are opened ahead", () => {
  it("are given away once each, to those who ask for their id", async () => {
    const fake = fakeThreads();
    const ahead = await threadsAhead(fake.threads, [settings(1), settings(2)]);
    const [one, two] = [...fake.open];
    expect(await ahead.open(settings(2))).toBe(two);
    expect(await ahead.open(settings(1))).toBe(one);
    expect(fake.opened()).toBe(2);
    expect(await ahead.open(settings(3))).not.toBe(one);
    expect(fake.opened()).toBe(3);
  });

  it("are opened anew where one has died meanwhile", async () => {
    const fake = fakeThreads();
    const ahead = await threadsAhead(fake.threads, [settings(1)]);
    const [dead] = [...fake.open];
    dead?.die({ kind: "died", error: new Error("out of memory") });
    await dead?.exit;
    expect(await ahead.open(settings(1))).not.toBe(dead);
  });

  it("are killed where no system has them, and no others are", async () => {
    const fake = fakeThreads();
    const ahead = await threadsAhead(fake.threads, [settings(1), settings(2)]);
    const given = await ahead.open(settings(1));
    await ahead.close();
    expect([...fake.open]).toEqual([given]);
    expect(fake.isClosed()).toBe(true);
  });

  it("leave none where one of them can't start", async () => {
    const fake = fakeThreads([2]);
    const error = await failure(threadsAhead(fake.threads, [settings(1), settings(2), settings(3)]));
    expect(String(error)).toContain("thread 2 can't start");
    expect(fake.open.size).toBe(0);
    expect(fake.isClosed()).toBe(true);
  });
});
