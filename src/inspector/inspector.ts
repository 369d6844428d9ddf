/** The inspector's server: lets in who has the token, shows views, and carries out commands. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { timeOfDay } from "../async/time-of-day.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import { carryOut, commandNames } from "./http/commands.ts";
import { type Admission, cookieName, isToken, turnedAway } from "./http/guard.ts";
import { errorAnswer } from "./http/http-status.ts";
import { LiveView } from "./http/live-view.ts";
import { pageFile } from "./http/page-files.ts";
import type { InspectorSettings } from "./inspector-options.ts";
import { Content } from "./source/content.ts";
import type { Inspected } from "./source/inspected.ts";
import { Recent } from "./source/recent.ts";
import { RunIndex } from "./source/run-index.ts";
import type { SpanMemory } from "./source/span-memory.ts";
import { ThreadWatch } from "./source/thread-watch.ts";
import { Query } from "./views/query.ts";
import { recordRun } from "./recording/record-run.ts";
import { recordedPage } from "./recording/recorded-page.ts";
import { type Recording, recordedAnswer } from "./recording/recording.ts";
import type { Look, Looking } from "./views/view.ts";
import { views } from "./views/views.ts";

export interface InspectorPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly spans: SpanMemory;
  /** Answers views in the place of what is inspected. */
  readonly recording?: Recording;
}

export interface Inspector {
  /** With the token. */
  readonly url: string;
  close(): void;
}

const usualPort = 4380;
/** How many views are open at a time, and how large a command is, in bytes. */
const mostOpen = 32;
const longestCommand = 1_048_576;
const api = "/api/v1/";

/** What every answer says: nothing of it is loaded from, shown in, or sent to another place. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/**
 * Opens an inspector.
 *
 * @throws TroupeError (as a rejection) `invalid-options` where it can't listen at the address or the port.
 */
export async function openInspector(
  inspected: Inspected,
  settings: InspectorSettings,
  ports: InspectorPorts,
): Promise<Inspector> {
  const inspector = new InspectorServer(inspected, settings, ports);
  await inspector.listen();
  inspected.live?.onEnd(() => inspector.close());
  settings.onOpen(inspector.url);
  return inspector;
}

/** What views are made from. */
export function looking(
  inspected: Inspected,
  { content, isReadOnly }: Pick<InspectorSettings, "content" | "isReadOnly">,
  { clock, spans }: Pick<InspectorPorts, "clock" | "spans">,
): Looking {
  const now = (): number => timeOfDay(clock);
  const rest = (): Promise<void> => new Promise((resolve) => clock.setTimer(0, resolve));
  return {
    inspected,
    content: new Content(content),
    recent: new Recent(inspected.live, now),
    runs: new RunIndex(() => inspected.reader(), rest),
    spans,
    threads: new ThreadWatch(inspected.live, now),
    isReadOnly: isReadOnly || inspected.live === undefined,
    now,
  };
}

class InspectorServer implements Inspector {
  readonly #settings: InspectorSettings;
  readonly #recording: Recording | undefined;
  readonly #clock: Clock;
  readonly #token: string;
  readonly #looking: Looking;
  readonly #server: Server;
  readonly #open = new Set<LiveView>();

  constructor(inspected: Inspected, settings: InspectorSettings, { clock, random, spans, recording }: InspectorPorts) {
    this.#settings = settings;
    this.#recording = recording;
    this.#clock = clock;
    this.#token = random.id().replaceAll("-", "");
    this.#looking = looking(inspected, settings, { clock, spans });
    this.#server = createServer((request, response) => void this.#answer(request, response));
    if (inspected.live !== undefined) this.#server.unref(); // the system keeps the process alive, or it may end
  }

  get url(): string {
    const { host } = this.#settings;
    const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    return `http://${name.includes(":") ? `[${name}]` : name}:${this.#port}/?token=${this.#token}`;
  }

  async listen(): Promise<void> {
    const { port, host } = this.#settings;
    const tried = port === undefined ? [usualPort, 0] : [port];
    for (const [i, one] of tried.entries()) {
      const error = await this.#listenAt(one, host);
      if (error === undefined) return;
      if (error.code === "EADDRINUSE" && i < tried.length - 1) continue;
      throw new TroupeError("invalid-options", `the inspector can't listen at ${host}:${one}: ${error.message}`, {
        cause: error,
      });
    }
  }

  close(): void {
    for (const view of this.#open) view.end();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #listenAt(port: number, host: string): Promise<NodeJS.ErrnoException | undefined> {
    return new Promise((resolve) => {
      this.#server.once("error", resolve);
      this.#server.listen(port, host, () => {
        this.#server.off("error", resolve);
        resolve(undefined);
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    try {
      await this.#route(request, response);
    } catch (error) {
      const { status, code, message } = errorAnswer(error);
      sendJson(response, status, { error: { code, message } });
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const admission = this.#admission;
    const token = url.searchParams.get("token");
    const isEntrance = request.method === "GET" && url.pathname === "/" && token !== null;
    const turned = turnedAway(
      {
        method: request.method ?? "",
        host: request.headers.host,
        origin: request.headers.origin,
        site: headerOf(request, "sec-fetch-site"),
        contentType: request.headers["content-type"],
        authorization: isEntrance ? `Bearer ${token}` : request.headers.authorization,
        cookie: request.headers.cookie,
      },
      admission,
    );
    if (turned !== undefined)
      return sendJson(response, turned.status, { error: { code: "refused", message: turned.message } });
    if (isEntrance && isToken(token, this.#token)) {
      // from here on the cookie has it: an address with a token in it would be copied, and kept by the browser
      const cookie = `${cookieName(admission.port)}=${this.#token}; Path=/; HttpOnly; SameSite=Strict`;
      return void response.writeHead(303, { location: "/", "set-cookie": cookie }).end();
    }
    if (!url.pathname.startsWith(api)) return this.#file(url.pathname, response);
    const name = url.pathname.slice(api.length);
    if (request.method === "POST") return this.#command(name, request, response);
    return this.#view(name, url.searchParams, request, response);
  }

  get #admission(): Admission {
    const { host, hosts } = this.#settings;
    const own = host.includes(":") ? `[${host}]` : host;
    const isOpen = host === "0.0.0.0" || host === "::";
    return { token: this.#token, port: this.#port, hosts: [own, ...hosts], isOpen };
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    const file = await pageFile(path);
    if (file === undefined)
      return sendJson(response, 404, { error: { code: "not-found", message: `there is no ${path}` } });
    response.writeHead(200, { "content-type": file.type, "content-length": file.body.length }).end(file.body);
  }

  async #view(name: string, given: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (name === "recording" && this.#recording === undefined) return this.#record(given, response);
    const look = this.#lookAt(name, given);
    if (look === undefined) {
      const message = `there is no view ${JSON.stringify(name)}; there are ${Object.keys(views).join(", ")}`;
      return sendJson(response, 404, { error: { code: "not-found", message } });
    }
    const shown = async (): Promise<string> => JSON.stringify({ api: 1, view: name, data: await look(this.#looking) });
    if (request.headers.accept?.includes("text/event-stream") !== true) {
      return sendText(response, 200, await shown());
    }
    if (this.#open.size >= mostOpen)
      return sendJson(response, 503, {
        error: { code: "overloaded", message: `${mostOpen} views are open already: close some` },
      });
    this.#stream(shown, response);
  }

  /** One run as a file that shows it without a system. */
  async #record(given: URLSearchParams, response: ServerResponse): Promise<void> {
    const query = new Query("recording", given);
    const id = query.required("id");
    query.done();
    const page = await recordedPage(await recordRun(this.#looking, id));
    response.setHeader("content-disposition", `attachment; filename="${id.replaceAll(/[^\w.-]+/g, "_")}.html"`);
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  }

  /** What is shown of a view; `undefined` where there is none of that name. @throws TroupeError `invalid-options` for odd parameters. */
  #lookAt(name: string, given: URLSearchParams): Look | undefined {
    const recording = this.#recording;
    if (recording !== undefined) return () => recordedAnswer(recording, name, given);
    const view = Object.hasOwn(views, name) ? views[name] : undefined;
    if (view === undefined) return undefined;
    const query = new Query(name, given);
    const look = view(query);
    query.done();
    return look;
  }

  #stream(shown: () => Promise<string>, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    const { inspected, recent } = this.#looking;
    const view = new LiveView({
      clock: this.#clock,
      sink: {
        get isReady() {
          return !response.writableNeedDrain;
        },
        write: (text) => void response.write(text),
      },
      async look() {
        try {
          return await shown();
        } catch (error) {
          const { code, message } = errorAnswer(error);
          return JSON.stringify({ error: { code, message } });
        }
      },
      mark: () => `${markOf(inspected)} ${recent.events.count} ${recent.deadLetters.count}`,
    });
    this.#open.add(view);
    response.on("close", () => {
      this.#open.delete(view);
      view.end();
    });
    view.start();
  }

  async #command(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = path.startsWith("commands/") ? path.slice("commands/".length) : "";
    if (!commandNames.includes(name)) {
      const message = `there is no command ${JSON.stringify(path)}; there are commands/${commandNames.join(", commands/")}`;
      return sendJson(response, 404, { error: { code: "not-found", message } });
    }
    const { inspected, isReadOnly } = this.#looking;
    if (isReadOnly || inspected.live === undefined) {
      return sendJson(response, 403, { error: { code: "read-only", message: "this inspector only shows" } });
    }
    const body = await bodyOf(request);
    if (body === undefined) {
      response.setHeader("connection", "close");
      const message = `a command has at most ${longestCommand} bytes`;
      return sendJson(response, 413, { error: { code: "message-too-large", message } });
    }
    const done = await carryOut(name, parsed(body), inspected.live, this.#looking);
    sendJson(response, 200, { api: 1, done: name, ...done });
  }
}

/** A journal may be written by another process, which tells no one. */
function markOf({ kind, reader }: Inspected): string | number {
  return kind === "system" ? reader().position : "";
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** @throws TroupeError `invalid-options` for anything but JSON. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new TroupeError("invalid-options", "a command is JSON, and this is not", { cause });
  }
}

/** `undefined` for one that is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longestCommand) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(text);
}
