import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChaosResult, countChanged, formatChaos, isHarmless } from "../../../examples/credit/chaos-report.ts";
import type { Decision } from "../../../examples/credit/contracts.ts";
import { DEFAULT_RATES } from "../../../examples/credit/faults.ts";
import { type ModeResult, formatTable, percentile, summarize, toJsonLine } from "../../../examples/credit/report.ts";

const broken: ModeResult = {
  mode: "stale-cache",
  applications: 500,
  wrong: 101,
  seconds: 2.5004,
  decisionsPerSecond: 199.96,
  p50Ms: 4.25,
  p99Ms: 31.0625,
  threads: 2,
  versions: 3500,
};
const relay: ModeResult = { ...broken, mode: "relay", wrong: 0 };
const chaos: ChaosResult = {
  mode: "relay",
  calls: 2600,
  faults: { kill: 3, stall: 1, throw: 120, hang: 13, slow: 130 },
  threadsLost: 4,
  lost: 90,
  turnedAway: 200,
  retries: 423,
  breakersOpened: 8,
  speed: 0.125,
  changed: 0,
  undecided: 0,
};

describe("percentile", () => {
  it("is the nearest rank", () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 20, 21, 50, 99, 100].map((percent) => percentile(values, percent))).toEqual([1, 1, 2, 3, 5, 5]);
    expect(values).toEqual([5, 1, 4, 2, 3]);
    expect(percentile([10, 9], 50)).toBe(9);
    // 7 / 100 * 100 is a little more than 7.
    expect(
      percentile(
        Array.from({ length: 100 }, (_, index) => index + 1),
        7,
      ),
    ).toBe(7);
    expect(percentile([], 50)).toBe(0);
  });

  it("is one of the values, and at least so many do not exceed it", () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 100 }), (list, percent) => {
        const found = percentile(list, percent);
        const share = (percent * list.length) / 100;
        expect(list).toContain(found);
        expect(list.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share);
        expect(list.filter((value) => value < found).length).toBeLessThan(Math.max(share, 1));
      }),
    );
  });

  it.each([-1, 101, Number.NaN])("refuses %d", (percent) => {
    expect(() => percentile([1], percent)).toThrow(RangeError);
  });
});

describe("summarize", () => {
  it("works out rate and percentiles", () => {
    const latenciesMs = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(summarize({ mode: "relay", wrong: 0, seconds: 4, latenciesMs, threads: 2, versions: 7 })).toEqual({
      mode: "relay",
      applications: 100,
      wrong: 0,
      seconds: 4,
      decisionsPerSecond: 25,
      p50Ms: 50,
      p99Ms: 99,
      threads: 2,
      versions: 7,
    });
  });

  it("is finite for a run of nothing", () => {
    const none = summarize({ mode: "relay", wrong: 0, seconds: 0, latenciesMs: [], threads: 2, versions: 0 });
    expect(none).toMatchObject({ applications: 0, decisionsPerSecond: 0, p50Ms: 0, p99Ms: 0 });
    expect(formatTable([none])).toContain("0 (0.0 %)");
  });
});

describe("formatTable", () => {
  it("tells a mode in chaos from the same mode without", () => {
    const [, , first, second] = formatTable([relay, { ...relay, chaos }]).split("\n");
    expect(first?.startsWith("relay  ")).toBe(true);
    expect(second?.startsWith("relay, chaos  ")).toBe(true);
  });

  it("sets a line for each mode", () => {
    expect(formatTable([broken, relay])).toBe(
      [
        "mode         applications  wrong ratings  decisions/s  p50 ms  p99 ms  threads  versions written",
        "-----------  ------------  -------------  -----------  ------  ------  -------  ----------------",
        "stale-cache           500   101 (20.2 %)          200     4.3    31.1        2              3500",
        "relay                 500      0 (0.0 %)          200     4.3    31.1        2              3500",
      ].join("\n"),
    );
  });

  it("has lines of one length, wide figures or not", () => {
    const huge = { ...broken, versions: 1e15, p99Ms: 123_456_789 };
    const lengths = formatTable([broken, huge])
      .split("\n")
      .map((line) => line.length);
    expect(new Set(lengths).size).toBe(1);
  });

  it("sets blocks where the table is too wide", () => {
    const table = formatTable([broken, relay]);
    const width = table.indexOf("\n");
    expect(formatTable([broken, relay], { width })).toBe(table);
    const blocks = formatTable([broken, relay], { width: width - 1 });
    expect(blocks.split("\n\n")).toHaveLength(2);
    expect(blocks.split("\n").slice(0, 3)).toEqual([
      "mode              stale-cache",
      "applications      500",
      "wrong ratings     101 (20.2 %)",
    ]);
  });

  it("has a head and no lines for no results", () => {
    expect(formatTable([]).split("\n")).toHaveLength(2);
  });
});

describe("toJsonLine", () => {
  it("has the keys in their order", () => {
    expect(toJsonLine(broken)).toBe(
      '{"mode":"stale-cache","applications":500,"wrong":101,"seconds":2.5,"decisionsPerSecond":200,"p50Ms":4.25,"p99Ms":31.063,"threads":2,"versions":3500}',
    );
  });

  it("ends with what was injected and what it cost", () => {
    expect(toJsonLine({ ...relay, chaos })).toBe(
      toJsonLine(relay).replace(
        /}$/,
        ',"chaos":{"calls":2600,"injected":{"kill":3,"stall":1,"throw":120,"hang":13,"slow":130},"speed":0.125,"threadsLost":4,"lost":90,"breakersOpened":8,"turnedAway":200,"retries":423,"undecided":0,"changed":0}}',
      ),
    );
  });

  it("leaves out what is not a figure of the report", () => {
    expect(toJsonLine({ ...relay, extra: 1 } as ModeResult)).toBe(toJsonLine(relay));
  });
});

describe("formatChaos", () => {
  const at = { seed: 1, rates: DEFAULT_RATES };

  it("says at which rates, and sets what was injected above what it cost", () => {
    expect(formatChaos([chaos], at)).toBe(
      [
        "chaos at kill=0.001,stall=0.001,throw=0.05,hang=0.005,slow=0.05, seed 1",
        "",
        "injected  calls of agents  threads killed  stalled  calls that threw  hung  were slow",
        "--------  ---------------  --------------  -------  ----------------  ----  ---------",
        "relay                2600               3        1               120    13        130",
        "",
        "cost   speed  threads lost  calls lost  breakers opened  turned away  retries  not decided  decided otherwise",
        "-----  -----  ------------  ----------  ---------------  -----------  -------  -----------  -----------------",
        "relay   13 %             4          90                8          200      423            0                  0",
      ].join("\n"),
    );
  });

  it("fits in 120 characters", () => {
    const widest = formatChaos([{ ...chaos, mode: "orchestrator", retries: 99_999 }], at, { width: 120 });
    expect(widest).toContain("decided otherwise\n");
  });
});

describe("countChanged", () => {
  const decision: Decision = { decision: "approved", rating: "B", limit: 5000 };

  it("counts every decision that is another one in any of its parts, and none that is missing", () => {
    const plain = new Map(["a", "b", "c", "d", "e"].map((id) => [id, decision]));
    const chaotic = new Map<string, Decision>([
      ["a", { ...decision }],
      ["b", { ...decision, limit: 4000 }],
      ["c", { ...decision, rating: "C" }],
      ["d", { ...decision, decision: "referred" }],
    ]);
    expect(countChanged(plain, chaotic)).toBe(3);
    expect(countChanged(plain, plain)).toBe(0);
    expect(countChanged(new Map(), chaotic)).toBe(4);
  });
});

describe("isHarmless", () => {
  it("bears what takes time, and no decision that is wrong, another one, or not made", () => {
    expect(isHarmless(0, chaos)).toBe(true);
    expect(isHarmless(1, chaos)).toBe(false);
    expect(isHarmless(0, { ...chaos, changed: 1 })).toBe(false);
    expect(isHarmless(0, { ...chaos, undecided: 1 })).toBe(false);
  });
});
