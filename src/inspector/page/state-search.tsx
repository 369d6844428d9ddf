/** What is looked for in the versions of a key: who set a value, since when something holds, and who read a version. */

import { useState } from "preact/hooks";
import type { BisectData } from "../views/bisect.ts";
import type { ReadsData } from "../views/reads.ts";
import type { BlameData } from "../views/state.ts";
import { useLive, useOnce } from "./live.ts";
import { Copy, Empty, FailureText, RunLink, Shows, Table, Time } from "./parts.tsx";
import { count, duration, visible } from "./words.ts";

interface BlameProps {
  readonly name: string;
  readonly path: string | undefined;
  look(path: string): void;
}

/** Who set a value, by its path. */
export function Blame({ name, path, look }: BlameProps) {
  const { data, failure } = useOnce<BlameData>("blame", path === undefined ? undefined : { key: name, path });
  return (
    <form
      class="filter"
      aria-label="Who set a value"
      onSubmit={(event) => {
        event.preventDefault();
        look(event.currentTarget.querySelector("input")?.value ?? "");
      }}
    >
      <label>
        Who set the value at
        <input name="path" placeholder="/cents" defaultValue={path} key={path} />
      </label>
      <button type="submit">Blame</button>
      {path === undefined || failure === undefined ? null : <FailureText of={failure} />}
      {path === undefined || data === undefined ? null : (
        <p role="status">
          Version {data.version}, by <span class="id">{data.author}</span>
          {data.run === undefined ? null : (
            <>
              {" "}
              for the run <RunLink run={data.run} />
            </>
          )}
          , <Time at={data.time} />
          {data.exact ? "" : ", or earlier: older versions are not kept"}
        </p>
      )}
    </form>
  );
}

/** The first version for which a condition holds. */
export function Bisect({ name, choose }: { readonly name: string; choose(version: number): void }) {
  const [condition, setCondition] = useState<string | undefined>();
  const { data, failure } = useOnce<BisectData>(
    "bisect",
    condition === undefined ? undefined : { key: name, condition },
  );
  return (
    <form
      class="filter"
      aria-label="Since when something holds"
      onSubmit={(event) => {
        event.preventDefault();
        setCondition(event.currentTarget.querySelector("input")?.value ?? "");
      }}
    >
      <label>
        The first version for which this holds, and holds from then on
        <input name="condition" placeholder="/cents > 100" required />
      </label>
      <button type="submit">Bisect</button>
      {condition === undefined || failure === undefined ? null : <FailureText of={failure} />}
      {condition === undefined || data === undefined ? null : (
        <p role="status">
          {data.found === undefined ? (
            `It holds for none of the versions ${data.oldest} to ${data.newest}`
          ) : (
            <Found of={data.found} choose={choose} />
          )}
          . {count(data.read.length, "version")} of {data.newest - data.oldest + 1} read:{" "}
          {data.read.map(({ version, holds }) => `${version} ${holds ? "yes" : "no"}`).join(", ")}.
        </p>
      )}
    </form>
  );
}

interface FoundProps {
  readonly of: NonNullable<BisectData["found"]>;
  choose(version: number): void;
}

function Found({ of: { version, author, run, time }, choose }: FoundProps) {
  return (
    <>
      Since{" "}
      <button type="button" class="small" onClick={() => choose(version)}>
        version {version}
      </button>
      , by <span class="id">{author}</span>
      {run === undefined ? null : (
        <>
          {" "}
          for the run <RunLink run={run} />
        </>
      )}
      , <Time at={time} />
    </>
  );
}

/** Who wrote the version, in which span, and every read that saw it, of what was recorded. */
export function Reads({ name, version }: { readonly name: string; readonly version: number }) {
  const seen = useLive<ReadsData>("reads", { key: name, version });
  return (
    <section aria-labelledby="reads">
      <h3 id="reads">Who read version {version}</h3>
      <Shows seen={seen}>
        {({ isLive, written, count: many, reads }) => (
          <>
            {written === undefined ? null : (
              <p>
                It was written by {visible(written.by)}
                {written.run === undefined ? null : (
                  <>
                    {" "}
                    of the run <RunLink run={written.run} />
                  </>
                )}{" "}
                in {duration(written.took)}
                {written.conflicts === 0 ? "" : `, after ${count(written.conflicts, "conflict")}`}, in the span{" "}
                <span class="id">{written.spanId}</span> <Copy text={written.spanId} what="the span's id" />
              </p>
            )}
            {reads.length === 0 ? (
              <Empty>
                {isLive
                  ? "No read of it was recorded. Those of steps and actors are, since the inspector was opened."
                  : "A journal has no reads: they are recorded while a system runs."}
              </Empty>
            ) : (
              <Table
                caption={`Reads of version ${version}`}
                heads={["Read by", "For the run", "When", "Newer by then"]}
              >
                {reads.map(({ by, run, time, newer }, i) => (
                  <tr key={i}>
                    <th scope="row">{visible(by)}</th>
                    <td>{run === undefined ? "" : <RunLink run={run} />}</td>
                    <td>
                      <Time at={time} />
                    </td>
                    <td>
                      {newer === undefined
                        ? ""
                        : `version ${newer.version}, since ${duration(time - newer.time)}, by ${visible(newer.author)}`}
                    </td>
                  </tr>
                ))}
              </Table>
            )}
            {many > reads.length ? <p class="dim">{many - reads.length} further reads are not shown.</p> : null}
          </>
        )}
      </Shows>
    </section>
  );
}
