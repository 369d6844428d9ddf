import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCheckpointDue, replayCost } from "../../../../src/store/journal/records/checkpoint-policy.ts";
import { newKeyRow, type KeyRow } from "../../../../src/store/journal/records/key-row.ts";

const row = (more: Partial<KeyRow>): KeyRow => ({ ...newKeyRow(1), ...more });

describe("a checkpoint is due", () => {
  it("when what is replayed exceeds four times the state", () => {
    const checkpointBytes = 1_000;
    expect(isCheckpointDue(row({ newest: 9, checkpoint: 1, checkpointBytes, replayBytes: 4_000 }))).toBe(false);
    expect(isCheckpointDue(row({ newest: 9, checkpoint: 1, checkpointBytes, replayBytes: 4_001 }))).toBe(true);
  });

  it("not sooner for a state of few bytes than for one of 256", () => {
    expect(isCheckpointDue(row({ newest: 9, checkpoint: 1, checkpointBytes: 2, replayBytes: 1_024 }))).toBe(false);
    expect(isCheckpointDue(row({ newest: 9, checkpoint: 1, checkpointBytes: 2, replayBytes: 1_025 }))).toBe(true);
  });

  it("after 512 versions, however large the state", () => {
    const checkpointBytes = 1e9;
    expect(isCheckpointDue(row({ newest: 512, checkpoint: 1, checkpointBytes }))).toBe(false);
    expect(isCheckpointDue(row({ newest: 513, checkpoint: 1, checkpointBytes }))).toBe(true);
  });
});

it("a small record costs as much as 64 bytes to replay", () => {
  expect([0, 64, 65, 1e6].map(replayCost)).toEqual([64, 64, 65, 1e6]);
});

it("replays are bounded and whole states stay rare for any sizes of records (invariant 11)", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 2_000 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 100_000 }), (records, stateBytes) => {
      const key = row({ newest: 1, checkpoint: 1, checkpointBytes: stateBytes });
      let kept = 0;
      let patches = 0;
      for (const bytes of records) {
        key.newest++;
        key.replayBytes += replayCost(bytes);
        patches += replayCost(bytes);
        if (isCheckpointDue(key)) {
          kept += stateBytes;
          Object.assign(key, { checkpoint: key.newest, replayBytes: 0 });
        }
        expect(key.newest - key.checkpoint).toBeLessThan(512);
        expect(key.replayBytes).toBeLessThanOrEqual(4 * Math.max(256, stateBytes));
      }
      const byCount = Math.floor(records.length / 512) * stateBytes;
      expect(kept).toBeLessThanOrEqual(patches / 4 + byCount);
    }),
  );
});
