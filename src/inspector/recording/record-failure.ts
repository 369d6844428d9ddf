/** The recording of a schedule in which a scenario failed: a table to step through, the state beside it, and who sent what to whom. */

import { messageOf } from "../../errors/caught.ts";
import { Content } from "../source/content.ts";
import { SpanMemory } from "../source/span-memory.ts";
import { stateAttribute } from "../views/state.ts";
import type { FailedSchedule, Moment, ScheduleData, SeenInSchedule } from "./failed-schedule.ts";
import { recordedPage } from "./recorded-page.ts";
import { lookingAt, mostKeys, mostMessages, mostVersions, RecordedAnswers, type Recording } from "./recording.ts";
import { SeenStore } from "./seen-store.ts";

/** More are too many to look through: a failure has to be understood. */
const mostMoments = 2_000;

/** The view that the page opens with, and the name of its answer. */
const scheduleView = "schedule";

/** One HTML file, as text, that loads nothing from anywhere. `folder`: where the page was built. Default: in the package. */
export async function failurePage(failed: FailedSchedule, folder?: URL): Promise<string> {
  return recordedPage(await recordFailure(failed), folder);
}

/** The answers of the page: all that there is of the schedule, and nothing else. */
export async function recordFailure(failed: FailedSchedule): Promise<Recording> {
  const { title, start, seen } = failed;
  const content = new Content({ content: "all" });
  const store = new SeenStore(failed);
  const end = start + (seen.at(-1)?.at ?? 0);
  const spans = new SpanMemory();
  spans.take(failed.spans);
  const looking = lookingAt({ content, spans, now: () => end }, store, { kind: "schedule", journal: title });
  const answers = new RecordedAnswers(looking);
  await answers.recordGeneral();
  await answers.record("sequence", { limit: String(mostMessages) });
  for (const key of store.keys("").slice(0, mostKeys)) {
    const versions = store.versions(key).slice(-mostVersions);
    await answers.recordKey(
      key,
      versions.map(({ version }) => version),
    );
  }
  const schedule = scheduleOf(failed, content);
  return { format: 1, opens: scheduleView, made: end, answers: { ...answers.all, [scheduleView]: schedule } };
}

function scheduleOf({ title, message, report, repeat, seen }: FailedSchedule, content: Content): ScheduleData {
  const known = new Set<string>();
  const moments = seen.flatMap((event): readonly Moment[] => {
    const about = momentOf(event);
    if (about === undefined) return [];
    const { step, at, type: kind } = event;
    const moment = { step, at, kind, ...about };
    if ((event.type !== "reads" && event.type !== "commits") || event.version === 0) return [moment];
    const name = `${event.key}@${event.version}`;
    if (event.type === "reads" && known.has(name)) return [moment];
    known.add(name);
    return [{ ...moment, state: content.shown(stateAttribute, event.state) }];
  });
  return { title, message, report, repeat, count: moments.length, moments: moments.slice(-mostMoments) };
}

/** `undefined` for what says nothing by itself. */
function momentOf(event: SeenInSchedule): Omit<Moment, "step" | "at" | "kind"> | undefined {
  switch (event.type) {
    case "fault":
      return { text: event.what };
    case "asked":
      return undefined;
    case "asks": {
      const { from, to, message, where } = event;
      const text = `asks ${to} ${message}${where === undefined ? "" : ` (${where})`}`;
      return { text, ...(from === undefined ? {} : { actor: from }) };
    }
    case "begins": {
      const { actor, message, from } = event;
      return {
        actor,
        message,
        text: `begins ${message} from ${from ?? "code outside"}`,
        ...(from === undefined ? {} : { from }),
      };
    }
    case "ends": {
      const { actor, message } = event;
      if (!("thrown" in event)) return { actor, message, text: `ends ${message}` };
      const failure = messageOf(event.thrown);
      return { actor, message, failure, text: `throws ${failure}` };
    }
    case "reads": {
      const { actor, key, version } = event;
      return {
        actor,
        key,
        version,
        text: version === 0 ? `reads ${key}, which is not there yet` : `reads ${key}@${version}`,
      };
    }
    case "commits": {
      const { actor, key, version } = event;
      return { actor, key, version, text: `commits ${key}@${version}` };
    }
    case "conflicts": {
      const { actor, key, version } = event;
      return { actor, key, version, text: `loses to ${key}@${version}` };
    }
  }
}
