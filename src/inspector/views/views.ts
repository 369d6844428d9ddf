/** All views, by the names that their addresses have: `/api/v1/NAME`. */

import { actor } from "./actor.ts";
import { actors } from "./actors.ts";
import { bisect } from "./bisect.ts";
import { gates } from "./gates.ts";
import { messages } from "./messages.ts";
import { overview } from "./overview.ts";
import { reads } from "./reads.ts";
import { run } from "./run.ts";
import { runs } from "./runs.ts";
import { blamed, key, keys, version } from "./state.ts";
import { sequence } from "./sequence.ts";
import { threads } from "./threads.ts";
import type { View } from "./view.ts";

export const views: Readonly<Record<string, View>> = {
  overview,
  runs,
  run,
  actors,
  actor,
  keys,
  key,
  version,
  blame: blamed,
  bisect,
  reads,
  sequence,
  messages,
  gates,
  threads,
};
