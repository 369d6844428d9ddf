/** The order in which files are tested. */

import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Begins with the files that start threads. They wait for a good part of their time, and would leave a core idle at the end; the others
 * compute, and the last of them are soon over. A process tests files of one project only, so those of one are kept together: each
 * change would cost another process, which loads everything anew.
 */
export class ThreadsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => Number(isOnThreads(b)) - Number(isOnThreads(a)));
  }
}

function isOnThreads({ project }: TestSpecification): boolean {
  return project.name === "threads";
}
