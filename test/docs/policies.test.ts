/** Holds the table of defaults on the page of the policies to the constant. */

import { expect, it } from "vitest";
import { defaultPolicies, resolvePolicies } from "../../src/agents/policies/policies.ts";
import { readPage } from "./markdown.ts";

/** What the page says, by `policy.option`. */
function documented(): Map<string, string> {
  const [, section = ""] = readPage("docs/concepts/policies.md").split("## Defaults");
  const [table = ""] = section.split("\n## ");
  const rows = table.split("\n").filter((line) => line.startsWith("|"));
  const found = new Map<string, string>();
  let policy = "";
  for (const row of rows.slice(2)) {
    const [first = "", option = "", value = ""] = row
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    if (first !== "") policy = first.replaceAll("`", "");
    found.set([policy, option.replaceAll("`", "")].filter(Boolean).join("."), value);
  }
  return found;
}

const number = (value: number): string => value.toLocaleString("en");
const backoff = ({ first, factor, max, jitter }: typeof defaultPolicies.retry.backoff): string =>
  `first ${number(first)} ms, factor ${factor}, max ${number(max)} ms, jitter ${jitter}`;

it("documents the defaults as they are", () => {
  const { breaker, retry, compensationRetry } = defaultPolicies;
  const { bulkhead, rateLimits } = resolvePolicies("", { bulkhead: { concurrent: 1 }, rateLimits: [{ requests: 1 }] });
  const [limit] = rateLimits;
  expect(Object.fromEntries(documented())).toEqual({
    "breaker.consecutiveFailures": number(breaker.consecutiveFailures),
    "breaker.failureRate": String(breaker.failureRate),
    "breaker.window": `${number(breaker.window)} ms`,
    "breaker.minimumCalls": number(breaker.minimumCalls),
    "breaker.slowAfter": breaker.slowAfter === Number.POSITIVE_INFINITY ? "never" : number(breaker.slowAfter),
    "breaker.openFor": backoff(breaker.openFor),
    "breaker.probes": number(breaker.probes),
    "breaker.counts": "errors that show that something is broken",
    bulkhead: `none; with one, \`queue\` is ${number(bulkhead!.queue)}`,
    rateLimits:
      `none; with one, \`period\` is ${number(limit!.period)} ms, \`per\` \`"${limit!.per}"\`, ` +
      `\`onExceeded\` \`"queue"\`, \`queue\` ${number(limit!.queue)}`,
    estimateTokens: "nothing is reserved",
    "retry.attempts": number(retry.attempts),
    "retry.backoff": backoff(retry.backoff),
    "retry.errors": "all but those above",
    "compensationRetry.attempts": number(compensationRetry.attempts),
    "compensationRetry.backoff": backoff(compensationRetry.backoff),
    timeout: "none",
    idleTimeout: "none",
  });
});
