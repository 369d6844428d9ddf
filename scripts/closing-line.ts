// A vitest reporter that ends the output with `N passed, N failed`, below vitest's own summary.
import type { Reporter } from "vitest/node";

export default class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 0;

  onInit(): void {
    process.once("exit", (code) => {
      // What fails a run without failing a test still counts, and a failed test never ends well.
      const failed = code === 0 ? this.#failed : Math.max(this.#failed, 1);
      if (failed > 0) process.exitCode = 1;
      process.stdout.write(`${this.#passed} passed, ${failed} failed\n`);
    });
  }

  onTestRunEnd(...[modules, unhandledErrors]: Parameters<NonNullable<Reporter["onTestRunEnd"]>>): void {
    const outcomes = modules.flatMap((module) => [...module.children.allTests()]).map((test) => test.result().state);
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    this.#passed = outcomes.filter((state) => state === "passed").length;
    this.#failed = outcomes.filter((state) => state === "failed").length;
    this.#failed += suites.flatMap((suite) => suite.errors()).length + unhandledErrors.length;
  }
}
