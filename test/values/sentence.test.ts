import { expect, it } from "vitest";
import { sentence } from "../../src/values/sentence.ts";

it.each([
  ["it failed", "it failed."],
  ["it failed.", "it failed."],
  ["why?", "why?"],
  ["no!", "no!"],
  ["and so on…", "and so on…"],
  ['it said "no."', 'it said "no."'],
  ['it said "no"', 'it said "no".'],
  ["", "."],
])("%j is the sentence %j", (text, expected) => {
  expect(sentence(text)).toBe(expected);
});
