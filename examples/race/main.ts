/**
 * Looks for the race in each kind of desk and says what it found: `npx tsx main.ts [SEED]`. With a seed it runs that one
 * schedule only, which is how a failure is looked at again.
 */

import { isTroupeError } from "troupe";
import { simulate } from "troupe/testing";
import { carefulDesk, hastyDesk, patientDesk } from "./box-office.ts";
import { lastTickets } from "./last-tickets.ts";

const [given] = process.argv.slice(2);
const options = given === undefined ? { seed: 1, runs: 1000 } : { seed: Number(given), runs: 1 };

for (const desk of [hastyDesk, carefulDesk, patientDesk]) {
  try {
    const { runs, schedules } = await simulate(lastTickets(desk), options);
    console.log(`${desk.name}: held in ${runs} runs, with ${schedules} different schedules`);
  } catch (error) {
    if (!isTroupeError(error, "simulation-failed")) throw error;
    console.log(`${desk.name}: ${error.message}`);
  }
}
