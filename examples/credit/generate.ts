/**
 * Prints a sample of applications as CSV. The one in the repository was made by
 *
 *     tsx examples/credit/generate.ts --seed 7 --count 500 > examples/credit/samples/made-up.csv
 */

import { parseArgs } from "node:util";
import { formatCsvApplications } from "./csv-applications.ts";
import { generateApplications } from "./generate-applications.ts";

const { values } = parseArgs({
  options: { seed: { type: "string", default: "7" }, count: { type: "string", default: "500" } },
});
const [seed, count] = [Number(values.seed), Number(values.count)];
if (Number.isSafeInteger(seed) && Number.isSafeInteger(count) && count >= 1) {
  process.stdout.write(formatCsvApplications(generateApplications({ seed, count })));
} else {
  process.stderr.write("generate: --seed and --count must be whole numbers, --count at least 1\n");
  process.exitCode = 2;
}
