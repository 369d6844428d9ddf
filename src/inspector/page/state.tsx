/** State: the keys by family; and a key with its versions, what changed, and who changed it. */

import { useState } from "preact/hooks";
import type { KeyData, KeysData, ShownVersion, VersionData } from "../views/state.ts";
import { useLive, useOnce } from "./live.ts";
import { Order } from "./order.tsx";
import { Copy, Empty, KeyLink, RunLink, Shows, Time, Value } from "./parts.tsx";
import { Rows, rowsAtOnce } from "./rows.tsx";
import { hrefOf } from "./route.ts";
import { Bisect, Blame, Reads } from "./state-search.tsx";
import { count, visible } from "./words.ts";

type Given = Readonly<Record<string, string>>;

export function Keys({ given }: { readonly given: Given }) {
  const [offset, want] = useState(0);
  const seen = useLive<KeysData>("keys", { prefix: given["prefix"], offset, limit: rowsAtOnce });
  return (
    <Shows seen={seen}>
      {(data) => (
        <>
          <h2>State</h2>
          {data.families.length === 0 ? (
            <Empty>
              No key yet. <code>context.commit</code> of an actor and <code>system.store.commit</code> make the first
              version of one.
            </Empty>
          ) : (
            <ul class="chips" aria-label="Families">
              <li>
                <a href={hrefOf("state")}>all</a>
              </li>
              {data.families.map(({ family, keys }) => (
                <li key={family}>
                  <a href={hrefOf("state", { prefix: `${family}/` })}>
                    {family} {keys.toLocaleString("en")}
                  </a>
                </li>
              ))}
            </ul>
          )}
          <form class="filter" role="search" aria-label="Keys" onSubmit={(event) => event.preventDefault()}>
            <label>
              Key begins with
              <input
                type="search"
                data-first
                value={given["prefix"] ?? ""}
                onChange={(event) => (location.hash = hrefOf("state", { prefix: event.currentTarget.value }))}
              />
            </label>
          </form>
          <p role="status">{count(data.selected, "key")}</p>
          {data.selected === 0 ? null : (
            <Rows
              key={given["prefix"]}
              caption="Keys"
              heads={["Key", "Versions"]}
              total={data.selected}
              rows={data.keys}
              offset={data.offset}
              want={want}
              keyOf={({ key }) => key}
            >
              {({ key, oldest, newest }) => (
                <>
                  <th scope="row">
                    <KeyLink name={key} />
                  </th>
                  <td>{oldest === newest ? newest : `${oldest} to ${newest.toLocaleString("en")}`}</td>
                </>
              )}
            </Rows>
          )}
        </>
      )}
    </Shows>
  );
}

export function Key({ given, isReadOnly }: { readonly given: Given; readonly isReadOnly: boolean }) {
  const { key: name = "" } = given;
  const [to, setTo] = useState<number | undefined>();
  const seen = useLive<KeyData>("key", { key: name, limit: rowsAtOnce, to });
  const [chosen, setChosen] = useState<{ readonly of: string; readonly at: number } | undefined>();
  const asked = given["at"] === undefined ? undefined : Number(given["at"]);
  return (
    <Shows seen={seen}>
      {(data) => {
        const at = Math.min(data.newest, chosen?.of === name ? chosen.at : (asked ?? data.newest));
        const choose = (version: number): void => setChosen({ of: name, at: version });
        return (
          <>
            <h2>
              <span class="id">{visible(name)}</span> <Copy text={name} what="the key" />
            </h2>
            <div class="slider">
              <button type="button" disabled={at <= data.oldest} onClick={() => choose(at - 1)}>
                Before
              </button>
              <label>
                Version {at} of {data.newest}
                <input
                  type="range"
                  min={data.oldest}
                  max={data.newest}
                  value={at}
                  onInput={(event) => choose(Number(event.currentTarget.value))}
                />
              </label>
              <button type="button" disabled={at >= data.newest} onClick={() => choose(at + 1)}>
                Next
              </button>
            </div>
            <Version
              name={name}
              at={at}
              oldest={data.oldest}
              newest={data.newest}
              isReadOnly={isReadOnly}
              choose={choose}
            />
            <Reads name={name} version={at} />
            <h3>Versions</h3>
            <Rows
              caption="Versions"
              heads={["Version", "When", "Written by", "For the run", "Cause"]}
              total={data.newest - data.oldest + 1}
              rows={data.versions}
              offset={data.newest - (data.versions[0]?.version ?? data.newest)}
              want={(offset) => setTo(offset === 0 ? undefined : data.newest - offset)}
              keyOf={({ version }) => version}
              isChosen={({ version }) => version === at}
            >
              {(version) => (
                <>
                  <th scope="row">
                    <button
                      type="button"
                      class="small"
                      onClick={() => choose(version.version)}
                      aria-label={`Show version ${version.version}`}
                    >
                      {version.version}
                    </button>
                  </th>
                  <td>
                    <Time at={version.time} />
                  </td>
                  <td class="id">{version.author}</td>
                  <td>{version.run === undefined ? "" : <RunLink run={version.run} />}</td>
                  <td>{causeOf(version)}</td>
                </>
              )}
            </Rows>
          </>
        );
      }}
    </Shows>
  );
}

function causeOf({ erased, run, cause }: ShownVersion): string | undefined {
  if (erased !== undefined) return `erased: ${erased}`;
  return run === undefined ? cause : undefined;
}

interface VersionProps {
  readonly name: string;
  readonly at: number;
  readonly oldest: number;
  readonly newest: number;
  readonly isReadOnly: boolean;
  choose(version: number): void;
}

function Version({ name, at, oldest, newest, isReadOnly, choose }: VersionProps) {
  const [from, setFrom] = useState("");
  const [path, setPath] = useState<string | undefined>();
  const seen = useOnce<VersionData>("version", { key: name, at, from });
  const isOwn = /^(run|mail|breaker|call|refused-run)\//.test(name);
  return (
    <Shows seen={seen}>
      {({ at: version, state, diff }) => (
        <div class="columns">
          <section aria-label="State">
            <h3>State in version {version.version}</h3>
            <p>
              written by <span class="id">{version.author}</span>{" "}
              {version.run === undefined ? null : (
                <>
                  for the run <RunLink run={version.run} />,{" "}
                </>
              )}
              <Time at={version.time} />
            </p>
            <Value of={state} label={`State in version ${version.version}`} />
            <Blame name={name} path={path} look={setPath} />
            <Bisect name={name} choose={choose} />
            {isReadOnly || isOwn ? null : (
              <div class="commands">
                {at === newest ? null : (
                  <Order name="revert" label={`Go back to version ${at}`} body={() => ({ key: name, version: at })} />
                )}
                <Order
                  name="fork"
                  label={`Fork version ${at}`}
                  fields={[{ name: "id", label: "Id of the new key" }]}
                  body={({ id }) => ({ key: name, version: at, id })}
                />
              </div>
            )}
          </section>
          <section aria-label="What changed">
            <h3>What changed since {diff === undefined ? "the version before" : `version ${diff.from}`}</h3>
            <label>
              Compare with version
              <input
                type="number"
                min={oldest}
                max={newest}
                value={from}
                placeholder={String(Math.max(oldest, at - 1))}
                onChange={(event) => setFrom(event.currentTarget.value)}
              />
            </label>
            {diff === undefined ? <Empty>It is the oldest version that is kept.</Empty> : null}
            {diff?.lines.length === 0 ? <Empty>Nothing that is shown.</Empty> : null}
            <ul class="diff">
              {diff?.lines.map((line) => (
                <li key={line} class={line.startsWith("+") ? "plus" : line.startsWith("-") ? "minus" : ""}>
                  <Line of={line} look={setPath} />
                </li>
              ))}
            </ul>
            {diff === undefined || diff.lines.length === 0 ? null : (
              <p class="dim">A path says who set the value there.</p>
            )}
            {diff?.isCut === true ? <p class="dim">There are further changes.</p> : null}
          </section>
        </div>
      )}
    </Shows>
  );
}

/** A change; its path is a button that looks for who made it. */
function Line({ of, look }: { readonly of: string; look(path: string): void }) {
  const [, sign = "", path = "", rest = ""] = /^([~+-]) (\/\S*)(.*)$/s.exec(of) ?? [];
  if (path === "") return visible(of);
  return (
    <>
      {sign}{" "}
      <button type="button" class="small" onClick={() => look(path)} aria-label={`Who set ${path}`}>
        {visible(path)}
      </button>
      {visible(rest)}
    </>
  );
}
