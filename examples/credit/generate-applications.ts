/** Made-up applications for the sample: plausible people, no real ones. */

import type { Application, Particulars } from "./application.ts";
import { mulberry32 } from "./mulberry32.ts";
import { scoreOnFile } from "./previous-score.ts";

/** How often each of the choices comes up; the weights need not add up to anything. */
type Weights<T extends string> = Readonly<Record<T, number>>;

const CHECKING: Weights<Particulars["checking"]> = { none: 35, overdrawn: 25, low: 27, high: 13 };
const SAVINGS: Weights<Particulars["savings"]> = { unknown: 18, small: 45, moderate: 15, solid: 12, large: 10 };
const HISTORY: Weights<Particulars["creditHistory"]> = {
  none: 8,
  "all-paid": 12,
  current: 48,
  delayed: 12,
  elsewhere: 20,
};
const PURPOSE: Weights<Particulars["purpose"]> = {
  "new-car": 20,
  "used-car": 14,
  furniture: 16,
  electronics: 18,
  appliances: 5,
  repairs: 6,
  education: 6,
  vacation: 4,
  retraining: 2,
  business: 8,
  other: 1,
};
const HOUSING: Weights<Particulars["housing"]> = { rent: 40, own: 50, free: 10 };
const PROPERTY: Weights<Particulars["property"]> = { "real-estate": 28, "savings-plan": 23, car: 32, none: 17 };
const DEBTORS: Weights<Particulars["otherDebtors"]> = { none: 85, "co-applicant": 8, guarantor: 7 };
const INSTALMENTS: Weights<Particulars["otherInstalments"]> = { none: 80, bank: 14, stores: 6 };
const JOB: Weights<Particulars["job"]> = { none: 4, unskilled: 20, skilled: 58, management: 18 };
const INCOME: Readonly<Record<Particulars["job"], readonly [number, number]>> = {
  none: [400, 1200],
  unskilled: [1400, 2600],
  skilled: [2000, 4200],
  management: [3500, 9000],
};
const NOTES: Weights<string> = {
  "": 80,
  "regular customer": 6,
  "moving house, address to follow": 5,
  'asked for the "quick" decision': 5,
  'spouse, "Jo", signs as well': 4,
};

/** `count` applications, `app-0001` and on; the same for the same seed. */
export function generateApplications(options: {
  readonly seed: number;
  readonly count: number;
}): readonly Application[] {
  const random = mulberry32(options.seed);
  return Array.from({ length: options.count }, (_, index) => {
    const particulars = applicant(random, `app-${String(index + 1).padStart(4, "0")}`);
    return { ...particulars, previousScore: scoreOnFile(particulars) };
  });
}

function applicant(random: () => number, id: string): Particulars {
  const between = (min: number, max: number): number => min + Math.floor(random() * (max - min + 1));
  const age = between(19, 74);
  const job = pick(random, JOB);
  const [poorest, richest] = INCOME[job];
  const monthlyIncome = between(poorest / 50, richest / 50) * 50;
  const months = between(2, 20) * 3;
  // Most ask for what takes up to a third of the income; some for far more.
  const burden = random() < 0.9 ? 0.03 + random() * 0.32 : 0.35 + random() * 0.3;
  return {
    id,
    age,
    monthlyIncome,
    amount: Math.max(250, Math.round((monthlyIncome * months * burden) / 50) * 50),
    months,
    purpose: pick(random, PURPOSE),
    // One in two hundred claims to have worked for longer than anyone can have.
    employmentYears:
      job === "none" ? 0 : random() < 0.005 ? age - 8 : 0.5 + Math.floor(random() ** 2 * (age - 17) * 2) / 2,
    job,
    residenceYears: Math.floor(random() ** 2 * 60) / 2,
    housing: pick(random, HOUSING),
    property: pick(random, PROPERTY),
    checking: pick(random, CHECKING),
    savings: pick(random, SAVINGS),
    creditHistory: pick(random, HISTORY),
    existingCredits: Math.ceil(random() ** 2 * 4 + Number.EPSILON),
    otherDebtors: pick(random, DEBTORS),
    otherInstalments: pick(random, INSTALMENTS),
    dependants: between(1, 3),
    telephone: random() < 0.7,
    note: pick(random, NOTES),
  };
}

function pick<T extends string>(random: () => number, weights: Weights<T>): T {
  const choices = Object.keys(weights) as T[];
  let left = random() * choices.reduce((sum, choice) => sum + weights[choice], 0);
  for (const choice of choices) {
    left -= weights[choice];
    if (left < 0) return choice;
  }
  throw new RangeError("there is nothing to pick from");
}
