/** The page: the way to each view, and the view that is open. */

import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { OverviewData } from "../views/overview.ts";
import { Actor } from "./actor.tsx";
import { Actors } from "./actors.tsx";
import { Gates } from "./gates.tsx";
import { useOnce } from "./live.ts";
import { Messages } from "./messages.tsx";
import { Overview } from "./overview.tsx";
import { Empty } from "./parts.tsx";
import { hrefOf, type Route, useRoute } from "./route.ts";
import { Run } from "./run.tsx";
import { Runs } from "./runs.tsx";
import { Schedule } from "./schedule.tsx";
import { Key, Keys } from "./state.tsx";
import { Threads } from "./threads.tsx";
// oxlint-disable-next-line import/no-unassigned-import -- the build makes the style sheet of it
import "./page.css";

const places = [
  ["overview", "Overview"],
  ["runs", "Runs"],
  ["actors", "Actors"],
  ["state", "State"],
  ["messages", "Messages"],
  ["gates", "Gates"],
  ["threads", "Threads"],
] as const;

/** The place that a view belongs to. */
const within: Readonly<Record<string, string>> = { run: "runs", key: "state", actor: "actors" };

function Page() {
  const route = useRoute();
  const place = within[route.view] ?? route.view;
  const { data: about } = useOnce<OverviewData>("overview", {});
  const main = useRef<HTMLElement>(null);
  const title = places.find(([name]) => name === place)?.[1] ?? "Inspector";
  const subject = route.given["id"] ?? route.given["key"] ?? route.given["address"];
  useEffect(() => {
    document.title = `${subject ?? title} · Troupe inspector`;
    main.current?.focus(); // where a reader of the screen goes on
  }, [route.view, subject]);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => keyPressed(event);
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        To the content
      </a>
      <header>
        <h1>
          Troupe <span class="dim">{about?.journal ?? "inspector"}</span>
        </h1>
        <nav aria-label="Views">
          {about?.kind === "schedule" ? (
            <a href={hrefOf("schedule")} aria-current={place === "schedule" ? "page" : undefined}>
              Schedule
            </a>
          ) : null}
          {places.map(([name, label], i) => (
            <a key={name} href={hrefOf(name)} aria-current={place === name ? "page" : undefined} title={`Key ${i + 1}`}>
              {label}
            </a>
          ))}
        </nav>
        {about?.isReadOnly === true ? <span class="status plain">only shows</span> : null}
      </header>
      <main id="main" tabIndex={-1} ref={main} aria-label={title}>
        <View route={route} isReadOnly={about?.isReadOnly ?? true} />
      </main>
    </>
  );
}

/** The key of each view makes it a new one for another subject. */
function View({ route: { view, given }, isReadOnly }: { readonly route: Route; readonly isReadOnly: boolean }) {
  switch (view) {
    case "overview":
      return <Overview />;
    case "runs":
      return <Runs given={given} />;
    case "run":
      return <Run key={given["id"]} given={given} />;
    case "actor":
      return <Actor key={given["address"]} given={given} />;
    case "actors":
      return <Actors given={given} />;
    case "state":
      return <Keys given={given} />;
    case "key":
      return <Key key={given["key"]} given={given} isReadOnly={isReadOnly} />;
    case "messages":
      return <Messages given={given} />;
    case "gates":
      return <Gates />;
    case "threads":
      return <Threads />;
    case "schedule":
      return <Schedule />;
    default:
      return (
        <Empty>
          There is no such view. <a href={hrefOf("overview")}>To the overview</a>.
        </Empty>
      );
  }
}

/** 1 to 7 open a view, and / goes to the first filter; but not while one writes. */
function keyPressed(event: KeyboardEvent): void {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return;
  if (key === "/") {
    event.preventDefault();
    return document.querySelector<HTMLElement>("[data-first]:not([data-first=false])")?.focus();
  }
  const place = places[Number(key) - 1];
  if (place !== undefined) location.hash = hrefOf(place[0]);
}

const root = document.getElementById("page");
if (root !== null) render(<Page />, root);
