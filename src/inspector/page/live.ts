/** What the server shows, as it stands: live by server-sent events, or once. */

import { useEffect, useState } from "preact/hooks";

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface Seen<T> {
  readonly data?: T;
  readonly failure?: Failure;
  readonly connection: "opening" | "open" | "lost" | "closed";
}

type Parameters = Readonly<Record<string, string | number | undefined>>;

function addressOf(view: string, parameters: Parameters): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `/api/v1/${view}${query === "" ? "" : `?${query}`}`;
}

/** A view that goes on. While another address is opened, the view before stays. */
export function useLive<T>(view: string, parameters: Parameters = {}): Seen<T> {
  const address = addressOf(view, parameters);
  const [seen, setSeen] = useState<Seen<T>>({ connection: "opening" });
  useEffect(() => {
    const source = new EventSource(address);
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const { data: shown, error } = JSON.parse(data) as { data?: T; error?: Failure };
      if (error !== undefined) setSeen({ connection: "open", failure: error });
      else if (shown !== undefined) setSeen({ connection: "open", data: shown });
    });
    source.addEventListener("error", () => {
      const connection = source.readyState === EventSource.CLOSED ? "closed" : "lost";
      setSeen((before) => ({ ...before, connection }));
    });
    return () => source.close();
  }, [address]);
  return seen;
}

/** What does not change: asked for once, and again for other parameters. Without parameters, nothing is asked. */
export function useOnce<T>(view: string, parameters: Parameters | undefined): Seen<T> {
  const address = parameters === undefined ? undefined : addressOf(view, parameters);
  const [seen, setSeen] = useState<Seen<T>>({ connection: "opening" });
  useEffect(() => {
    if (address === undefined) return undefined;
    const asked = new AbortController();
    void ask<T>(address, asked.signal).then((answer) => !asked.signal.aborted && setSeen(answer));
    return () => asked.abort();
  }, [address]);
  return seen;
}

async function ask<T>(address: string, signal: AbortSignal): Promise<Seen<T>> {
  try {
    const { data, error } = (await (await fetch(address, { signal })).json()) as { data?: T; error?: Failure };
    if (error !== undefined) return { connection: "open", failure: error };
    return data === undefined ? { connection: "open" } : { connection: "open", data };
  } catch (error) {
    return { connection: "lost", failure: { code: "unreachable", message: String(error) } };
  }
}

/** Has a command carried out. Resolves to why not, or to what it answers. */
export async function command(
  name: string,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly failure?: Failure; readonly answer?: Readonly<Record<string, unknown>> }> {
  try {
    const response = await fetch(`/api/v1/commands/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Record<string, unknown> & { error?: Failure };
    return answer.error === undefined ? { answer } : { failure: answer.error };
  } catch (error) {
    return { failure: { code: "unreachable", message: String(error) } };
  }
}
