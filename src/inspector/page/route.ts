/** Where in the page one is: the part of the address after `#`. */

import { useEffect, useState } from "preact/hooks";

export interface Route {
  readonly view: string;
  readonly given: Readonly<Record<string, string>>;
}

function readRoute(hash: string): Route {
  const [, view = "overview", query = ""] = /^#\/([a-z]*)(?:\?(.*))?$/.exec(hash) ?? [];
  return { view, given: Object.fromEntries(new URLSearchParams(query)) };
}

export function hrefOf(view: string, given: Readonly<Record<string, string | number | undefined>> = {}): string {
  const known = Object.entries(given).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
  return `#/${view}${query === "" ? "" : `?${query}`}`;
}

export function useRoute(): Route {
  const [drawn] = useState(location.hash);
  const [route, setRoute] = useState(() => readRoute(drawn));
  useEffect(() => {
    const read = (): void => setRoute(readRoute(location.hash));
    window.addEventListener("hashchange", read);
    if (location.hash !== drawn) read(); // it may have changed since the page was drawn
    return () => window.removeEventListener("hashchange", read);
  }, []);
  return route;
}
