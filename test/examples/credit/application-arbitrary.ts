/** Any application the schema allows, for property tests. */

import fc from "fast-check";
import {
  type Application,
  CHECKING,
  CREDIT_HISTORY,
  HOUSING,
  JOBS,
  OTHER_DEBTORS,
  OTHER_INSTALMENTS,
  PROPERTY,
  PURPOSES,
  SAVINGS,
} from "../../../examples/credit/application.ts";

const quantity = (max: number) =>
  fc.double({ min: 0, max, noNaN: true, noDefaultInfinity: true }).map((x) => Math.abs(Number(x.toFixed(2))));

export const anyApplication: fc.Arbitrary<Application> = fc.record({
  id: fc
    .stringMatching(/^[\w ,"';:-]{1,64}$/)
    .map((id) => id.trim())
    .filter((id) => id !== ""),
  age: fc.integer({ min: 18, max: 120 }),
  monthlyIncome: fc.oneof(fc.constant(0), quantity(20_000), quantity(1_000_000)),
  amount: fc.oneof(quantity(50_000), quantity(10_000_000)).filter((x) => x > 0),
  months: fc.integer({ min: 1, max: 480 }),
  purpose: fc.constantFrom(...PURPOSES),
  employmentYears: quantity(80),
  job: fc.constantFrom(...JOBS),
  residenceYears: quantity(120),
  housing: fc.constantFrom(...HOUSING),
  property: fc.constantFrom(...PROPERTY),
  checking: fc.constantFrom(...CHECKING),
  savings: fc.constantFrom(...SAVINGS),
  creditHistory: fc.constantFrom(...CREDIT_HISTORY),
  existingCredits: fc.integer({ min: 1, max: 50 }),
  otherDebtors: fc.constantFrom(...OTHER_DEBTORS),
  otherInstalments: fc.constantFrom(...OTHER_INSTALMENTS),
  dependants: fc.integer({ min: 1, max: 30 }),
  telephone: fc.boolean(),
  previousScore: fc.integer({ min: 300, max: 850 }),
  note: fc.oneof(fc.string({ maxLength: 60, unit: "grapheme" }), fc.stringMatching(/^[",\r\n a-z]{0,40}$/)),
});

/** One plain application to vary in examples: rated C, approved. */
export const sample: Application = {
  id: "app-0001",
  age: 40,
  monthlyIncome: 3000,
  amount: 6000,
  months: 24,
  purpose: "used-car",
  employmentYears: 5,
  job: "skilled",
  residenceYears: 4,
  housing: "rent",
  property: "car",
  checking: "low",
  savings: "moderate",
  creditHistory: "current",
  existingCredits: 1,
  otherDebtors: "none",
  otherInstalments: "none",
  dependants: 1,
  telephone: true,
  previousScore: 530,
  note: "",
};
