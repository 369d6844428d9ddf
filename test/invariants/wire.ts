/** Looks into batches on their way, for mutations that break one mechanism on purpose. */

/** A flat frame of `frame-codec.ts`. */
export type WireFrame = unknown[];

/** Changes or drops (`undefined`) each frame of a batch. */
export function mapFrames(batch: unknown, change: (frame: WireFrame) => WireFrame | undefined): unknown {
  const { frames, ...rest } = batch as { frames: string | WireFrame[] };
  const isText = typeof frames === "string";
  const list = isText ? (JSON.parse(frames) as WireFrame[]) : frames;
  const changed = list
    .flatMap(apart)
    .map(change)
    .filter((frame) => frame !== undefined);
  return { ...rest, frames: isText ? JSON.stringify(changed) : changed };
}

/** The messages of a run as frames of their own. */
function apart(frame: WireFrame): WireFrame[] {
  if (frame[0] !== 4) return [frame];
  const [, id, to, from, type, token, flags, cause, names, rows] = frame as [
    ...[number, number, string, unknown, string, number, number, number],
    string[],
    unknown[][],
  ];
  return rows.map((row, n) => {
    const payload = Object.fromEntries(names.map((name, at) => [name, row[at]]));
    return [0, id + n, to, from, type, token, flags, 0, cause, payload];
  });
}

/** A message's frame: its type, causal token and payload. */
export function asMessage(frame: WireFrame): { type: string; token: number; payload: unknown } | undefined {
  return frame[0] === 0 ? { type: frame[4] as string, token: frame[5] as number, payload: frame[9] } : undefined;
}

export function withToken(frame: WireFrame, token: number): WireFrame {
  return frame.with(5, token);
}

/** What the store's replica and authority say to each other, in frames of other kinds. */
export function asStoreMessage(frame: WireFrame): { kind: string; message: Record<string, unknown> } | undefined {
  const inner = frame[0] === 3 ? (frame[1] as { kind: string; message: Record<string, unknown> }) : undefined;
  return inner?.kind === "to-authority" || inner?.kind === "to-replica" ? inner : undefined;
}
