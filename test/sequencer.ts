/** The order in which files are tested. */

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where in the run the last file of threads begins. What comes after computes, and each of its files is soon over. */
const lastOfThreads = 0.8;

/**
 * Spreads the files that start threads among the others: those wait for a good part of their time, and these compute, so that each
 * core has work until the end. Within both, the longest come first, or the largest where no run is known.
 */
export class Spread extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const onThreads = sorted.filter(isOnThreads);
    const others = sorted.filter((file) => !isOnThreads(file));
    const placed = [...spread(onThreads, lastOfThreads), ...spread(others, 1)];
    return placed.toSorted((a, b) => a.at - b.at).map(({ file }) => file);
  }
}

function isOnThreads({ project }: TestSpecification): boolean {
  return project.name === "threads";
}

function spread<F>(files: readonly F[], until: number): { readonly file: F; readonly at: number }[] {
  return files.map((file, i) => ({ file, at: (until * i) / files.length }));
}
