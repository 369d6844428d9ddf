import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { parseCsvInputs } from "../../../src/cli/input/csv-inputs.ts";

const schema = v.object({
  id: v.string(),
  amount: v.pipe(v.number(), v.minValue(1)),
  insured: v.optional(v.boolean()),
});

const parse = (text: string, of: v.GenericSchema = schema) =>
  parseCsvInputs(text, "in.csv", of).map((row) => ("error" in row ? row.error.message : [row.line, row.input]));

describe("parseCsvInputs", () => {
  it("reads objects with the types that the schema wants", () => {
    expect(parse('\uFEFFid, amount ,insured\r\n"a,1", 5 ,true\r\n\r\n"b\n2",0.5,\r\n')).toEqual([
      [2, { id: "a,1", amount: 5, insured: true }],
      [4, { id: "b\n2", amount: 0.5 }],
    ]);
  });

  it("keeps columns that the schema doesn't know as text, for the contract to judge", () => {
    expect(parse("id,other,__proto__\na,1,2\n")).toEqual([
      [2, Object.fromEntries([...Object.entries({ id: "a", other: "1" }), ["__proto__", "2"]])],
    ]);
  });

  it("reads text where the schema is no object", () => {
    expect(parse("a,b\n1,true\n", v.unknown())).toEqual([[2, { a: "1", b: "true" }]]);
  });

  it("names file, line and field of a bad row, and goes on", () => {
    const rows = ["a,many,true", "b,5,maybe", "c,5", "d", "e,5,true,7", 'f,"5"6,true', "g,5,true"];
    expect(parse(`id,amount,insured\n${rows.join("\n")}\n`)).toEqual([
      'in.csv:2: amount: expected a number, got "many"',
      'in.csv:3: insured: expected true or false, got "maybe"',
      "in.csv:4: insured: is missing; expected 3 fields, got 2",
      "in.csv:5: amount: is missing; expected 3 fields, got 1",
      'in.csv:6: expected 3 fields, got 4; the first too many is "7"',
      'in.csv:7: amount: text after a closing quote; a quote inside quotes is written ""',
      [8, { id: "g", amount: 5, insured: true }],
    ]);
  });

  it("carries the field of a bad row in its error", () => {
    const [row] = parseCsvInputs("id,amount\na,x\n", "in.csv", schema);
    expect(row).toMatchObject({
      line: 2,
      error: { code: "invalid-input", details: { file: "in.csv", line: 2, field: "amount" } },
    });
  });

  it.each([
    ["nothing", "", "in.csv: is empty; expected a header and a row for each input"],
    ["a header alone", "id,amount\n\n", "in.csv: has a header and no inputs"],
    [
      "no header",
      "a,5,true\nb,6,true\n",
      "in.csv: has no header: the first line names none of the input's fields id, amount, insured",
    ],
    ["a broken header", 'id,"amount\na,5\n', "in.csv: the header can't be read: a quote is opened and never closed"],
    ["a column without name", "id,,amount\na,1,2\n", "in.csv: column 2 of the header has no name"],
    ["a column twice", "id,amount,id\na,1,b\n", 'in.csv: column "id" is there twice'],
  ])("refuses a file with %s", (_, text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "invalid-input", message }));
  });
});
