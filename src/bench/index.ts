/** `troupe/bench`: measures actors and agents side by side. */

export { type Bench, bench, type BenchRound, type BenchSubject } from "./bench.ts";
export { type Figure, figuresIn } from "./figure.ts";
export { compareFigures, formatFigures } from "./figures-text.ts";
export { runBench, type RunBenchOptions } from "./run-bench.ts";
