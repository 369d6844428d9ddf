/** A run's steps as a graph: from left to right, each behind those that it comes after. */

import type { ShownStep } from "../views/run.ts";

const [boxWidth, boxHeight, gapX, gapY] = [150, 44, 48, 14];
/** Larger ones are a list. */
const most = 120;

interface Placed {
  readonly step: ShownStep;
  readonly x: number;
  readonly y: number;
}

function place(steps: readonly ShownStep[]): readonly Placed[] {
  const depths = new Map<string, number>();
  const rows: number[] = [];
  return steps.map((step) => {
    const depth = Math.max(-1, ...step.after.map((name) => depths.get(name) ?? -1)) + 1;
    depths.set(step.name, depth);
    const row = rows[depth] ?? 0;
    rows[depth] = row + 1;
    return { step, x: depth * (boxWidth + gapX), y: row * (boxHeight + gapY) };
  });
}

export function Graph({ steps, chosen, choose }: GraphProps) {
  const placed = place(steps.slice(0, most));
  const byName = new Map(placed.map((one) => [one.step.name, one]));
  const width = Math.max(...placed.map(({ x }) => x)) + boxWidth + 4;
  const height = Math.max(...placed.map(({ y }) => y)) + boxHeight + 4;
  return (
    <div class="scroll graph" tabIndex={0} role="region" aria-label="Steps as a graph">
      <div class="canvas" ref={(element) => sized(element, width, height)}>
        <svg width={width} height={height} aria-hidden="true">
          {placed.flatMap(({ step, x, y }) =>
            step.after.flatMap((name) => {
              const from = byName.get(name);
              if (from === undefined) return [];
              const [x1, y1, x2, y2] = [from.x + boxWidth, from.y + boxHeight / 2, x, y + boxHeight / 2];
              const bend = gapX / 2;
              return [
                <path
                  key={`${name}>${step.name}`}
                  d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`}
                />,
              ];
            }),
          )}
        </svg>
        {placed.map(({ step, x, y }) => (
          <button
            key={step.name}
            type="button"
            class={`step ${step.status}`}
            aria-pressed={chosen === step.name}
            ref={(element) => at(element, x, y)}
            onClick={() => choose(step.name)}
          >
            <b>{step.name}</b>
            <span title={step.status}>
              {step.status}
              {step.attempt === undefined || step.attempt === 1 ? "" : `, attempt ${step.attempt}`}
            </span>
          </button>
        ))}
      </div>
      {steps.length > most ? <p class="dim">{steps.length - most} further steps are in the list below.</p> : null}
    </div>
  );
}

interface GraphProps {
  readonly steps: readonly ShownStep[];
  readonly chosen: string | undefined;
  choose(step: string): void;
}

/** Set by the program: the page's policy allows no style in markup. */
function at(element: HTMLElement | null, x: number, y: number): void {
  if (element === null) return;
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
}

function sized(element: HTMLElement | null, width: number, height: number): void {
  if (element === null) return;
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}
