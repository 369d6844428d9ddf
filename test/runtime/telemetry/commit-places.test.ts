/** Where versions were committed: at least the newest 10,000 are known, and no more than twice as many. */

import { expect, it } from "vitest";
import { CommitPlaces } from "../../../src/runtime/telemetry/commit-places.ts";
import * as names from "../../../src/traces/semantic-names.ts";
import type { StateKey } from "../../../src/store/versions/state-key.ts";
import { traceparentOf } from "../../../src/traces/traceparent.ts";

const key = "stock/shoes" as StateKey;
const trace = "a".repeat(32);
const spanOf = (version: number): string => version.toString(16).padStart(16, "0");

function linksOf(places: CommitPlaces, version: number) {
  const attributes = { [names.stateKey]: key, [names.stateVersion]: version };
  const links = [{ traceId: "", spanId: "", attributes }];
  return places.resolve({
    traceId: trace,
    spanId: "b".repeat(16),
    name: "read",
    start: 1,
    attributes: {},
    events: [],
    links,
  }).links;
}

it("forgets the oldest", () => {
  const places = new CommitPlaces();
  for (let version = 1; version <= 35_000; version++)
    places.committed(traceparentOf(trace, spanOf(version), true), [{ key, version }]);
  for (const version of [25_001, 30_000, 35_000])
    expect(linksOf(places, version)).toMatchObject([{ traceId: trace, spanId: spanOf(version) }]);
  for (const version of [1, 15_000]) expect(linksOf(places, version)).toEqual([]);
});
