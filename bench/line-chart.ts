/** Writes line charts as SVG, one beside the other over the same x axis, in the style of the pictures in docs. */

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** A line across, with its label. */
  readonly mark?: { readonly y: number; readonly label: string };
}

export interface ChartOptions {
  readonly title: string;
  /** The same in words, for those who can't see it. */
  readonly description: string;
  readonly xLabel: string;
  readonly xTicks: readonly number[];
  /** What stands after a figure of the x axis. */
  readonly xUnit: string;
  /** Where an x lies on its axis, which begins at 0; as it is unless this says otherwise. */
  xScale?(x: number): number;
  readonly panels: readonly Panel[];
}

const panel = { width: 240, height: 180, left: 62, top: 86, gap: 70 };
const bottom = 78;
const colours = ["#2f6fab", "#b7791f", "#2f855a"];
const dashes = ["", "7 3", "2 3"];

export function lineCharts({
  title,
  description,
  xLabel,
  xTicks,
  xUnit,
  xScale = (x) => x,
  panels,
}: ChartOptions): string {
  const width = panel.left + panels.length * panel.width + (panels.length - 1) * panel.gap + 24;
  const height = panel.top + panel.height + bottom;
  const names = panels[0]?.series.map(({ name }) => name) ?? [];
  const xMax = xScale(Math.max(...xTicks));
  const axis: Axis = { ticks: xTicks, unit: xUnit, shareOf: (x) => xScale(x) / xMax };
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `  <title id="title">${escaped(title)}</title>`,
    `  <desc id="desc">${escaped(description)}</desc>`,
    "  <style>",
    `    text { font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; fill: #1f2933; }`,
    "    .title { font-size: 15px; font-weight: 600; }",
    "    .small { font-size: 11.5px; fill: #52606d; }",
    "    .axis { stroke: #7b8794; fill: none; }",
    "    .grid { stroke: #e4e7eb; fill: none; }",
    "    .mark { stroke: #7b8794; stroke-dasharray: 4 4; fill: none; }",
    "    .mid { text-anchor: middle; }",
    "    .end { text-anchor: end; }",
    ...colours.map(
      (colour, n) =>
        `    .s${n} { stroke: ${colour}; stroke-width: 2; stroke-dasharray: ${dashes[n] === "" ? "none" : dashes[n]}; fill: none; }\n    .d${n} { fill: ${colour}; }`,
    ),
    "  </style>",
    `  <rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    `  <text class="title" x="24" y="34">${escaped(title)}</text>`,
    ...panels.flatMap((one, n) => drawPanel(one, panel.left + n * (panel.width + panel.gap), axis)),
    `  <text class="mid small" x="${width / 2}" y="${panel.top + panel.height + 40}">${escaped(xLabel)}</text>`,
    ...names.map((name, n) => legend(name, n, 24 + n * 260, height - 18)),
    "</svg>",
  ].join("\n")}\n`;
}

interface Axis {
  readonly ticks: readonly number[];
  readonly unit: string;
  /** Where an x lies, from 0 to 1. */
  shareOf(x: number): number;
}

function drawPanel({ title, series, mark }: Panel, left: number, { ticks, unit, shareOf }: Axis): string[] {
  const { width, top, height } = panel;
  const most = Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y)), mark?.y ?? 0);
  const step = niceStep(most / 4);
  const yMax = Math.ceil(most / step) * step;
  const x = (value: number): string => (left + shareOf(value) * width).toFixed(1);
  const y = (value: number): string => (top + height - (value / yMax) * height).toFixed(1);
  const lines = [`  <text x="${left}" y="${top - 16}">${escaped(title)}</text>`];
  for (let value = 0; value <= yMax; value += step) {
    const kind = value === 0 ? "axis" : "grid";
    lines.push(`  <path class="${kind}" d="M${left} ${y(value)} H${left + width}"/>`);
    lines.push(
      `  <text class="end small" x="${left - 8}" y="${(Number(y(value)) + 4).toFixed(1)}">${value.toLocaleString("en-US")}</text>`,
    );
  }
  lines.push(`  <path class="axis" d="M${left} ${top} V${top + height}"/>`);
  for (const tick of ticks)
    lines.push(`  <text class="mid small" x="${x(tick)}" y="${top + height + 18}">${tick}${unit}</text>`);
  if (mark !== undefined) {
    lines.push(`  <path class="mark" d="M${left} ${y(mark.y)} H${left + width}"/>`);
    lines.push(
      `  <text class="end small" x="${left + width}" y="${(Number(y(mark.y)) + 15).toFixed(1)}">${escaped(mark.label)}</text>`,
    );
  }
  for (const [n, { points }] of series.entries()) {
    lines.push(`  <path class="s${n}" d="M${points.map(([px, py]) => `${x(px)} ${y(py)}`).join(" L")}"/>`);
    for (const [px, py] of points) lines.push(`  <circle class="d${n}" cx="${x(px)}" cy="${y(py)}" r="3"/>`);
  }
  return lines;
}

function legend(name: string, n: number, left: number, y: number): string {
  return `  <path class="s${n}" d="M${left} ${y - 4} h28"/><text class="small" x="${left + 36}" y="${y}">${escaped(name)}</text>`;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
