/** The parts that views are put together from. What they show is text: nothing that the server sends becomes markup. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Shown, ShownError } from "../source/content.ts";
import type { ShownEvent } from "../views/events.ts";
import type { Failure, Seen } from "./live.ts";
import { hrefOf } from "./route.ts";
import { absolute, ago, clock, laidOut, visible } from "./words.ts";

export function Time({ at, isShort = false }: { readonly at: number; readonly isShort?: boolean }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {isShort ? clock(at) : `${absolute(at)} (${ago(at)})`}
    </time>
  );
}

const tones: Readonly<Record<string, string>> = {
  ...{ completed: "good", finished: "good", closed: "good", running: "busy", started: "busy", open: "busy" },
  ...{
    failed: "bad",
    "compensation-failed": "bad",
    refused: "bad",
    gone: "bad",
    compensating: "warn",
    waiting: "warn",
  },
  ...{ cancelled: "warn", undone: "warn", compensated: "warn", "undo-waiting": "warn", "half-open": "warn" },
};

/** How something stands: in words, and by a colour as well. */
export function Status({ of, tone = tones[of] ?? "plain" }: { readonly of: string; readonly tone?: string }) {
  return <span class={`status ${tone}`}>{of}</span>;
}

export function RunLink({ run }: { readonly run: string }) {
  return (
    <a class="id" href={hrefOf("run", { id: run })}>
      {visible(run)}
    </a>
  );
}

export function KeyLink({ name, at }: { readonly name: string; readonly at?: number }) {
  return (
    <a class="id" href={hrefOf("key", { key: name, at })}>
      {visible(name)}
      {at === undefined ? "" : `@${at}`}
    </a>
  );
}

export function ActorLink({ address }: { readonly address: string }) {
  return (
    <a class="id" href={hrefOf("actor", { address })}>
      {visible(address)}
    </a>
  );
}

export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" class="small" onClick={copy} aria-label={`Copy ${what}`}>
      {isCopied ? "copied" : "copy"}
    </button>
  );
}

interface ValueProps {
  readonly of: Shown;
  readonly label: string;
  readonly isTitled?: boolean;
}

/** `isTitled`: the label is to be seen, too. */
export function Value({ of, label, isTitled = false }: ValueProps) {
  return (
    <>
      {isTitled ? <div class="dim">{visible(label)}</div> : null}
      <pre class="value" tabIndex={0} role="region" aria-label={label}>
        {visible(laidOut(of.json))}
        {of.isCut === true ? "\n… it is longer than what is shown" : ""}
      </pre>
    </>
  );
}

export function ErrorText({ of }: { readonly of: ShownError }) {
  return (
    <div class="error">
      <strong>
        {of.name}
        {of.code === undefined ? "" : ` (${of.code})`}
      </strong>
      : {visible(of.message)}
      {of.stack === undefined ? null : (
        <details>
          <summary>stack</summary>
          <pre tabIndex={0} role="region" aria-label="stack">
            {visible(of.stack)}
          </pre>
        </details>
      )}
      {of.cause === undefined ? null : (
        <div class="cause">
          caused by <ErrorText of={of.cause} />
        </div>
      )}
    </div>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function FailureText({ of }: { readonly of: Failure }) {
  return (
    <p class="failure" role="alert">
      {visible(of.message)} <span class="dim">({of.code})</span>
    </p>
  );
}

/** What a view shows, once it is there. */
export function Shows<T>({ seen, children }: { readonly seen: Seen<T>; children(data: T): ComponentChildren }) {
  return (
    <>
      {seen.connection === "lost" || seen.connection === "closed" ? (
        <p class="failure" role="alert">
          {seen.connection === "lost"
            ? "The connection is lost, and tried again. What is shown may be old."
            : "The inspector does not answer any more: the system has ended, or the token is another one. Open the URL that it prints."}
        </p>
      ) : null}
      {seen.failure === undefined ? null : <FailureText of={seen.failure} />}
      {seen.data === undefined && seen.failure === undefined ? <p class="dim">Loading …</p> : null}
      {seen.data === undefined ? null : children(seen.data)}
    </>
  );
}

/** A table, which scrolls by itself where it is too wide. */
export function Table({
  caption,
  heads,
  children,
}: {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
}) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function Events({ of, label }: { readonly of: readonly ShownEvent[]; readonly label: string }) {
  return (
    <ol class="events" aria-label={label}>
      {of.map((event) => (
        <li key={event.number}>
          <Time at={event.time} isShort /> <strong>{event.type}</strong>{" "}
          {Object.entries(event.about).map(([name, value]) => (
            <span key={name} class="about">
              <span class="dim">{name}</span> {visible(value)}{" "}
            </span>
          ))}
          {event.error === undefined ? null : <ErrorText of={event.error} />}
        </li>
      ))}
    </ol>
  );
}
