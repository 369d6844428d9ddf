/** Stands in for a language model: a server that streams an answer, is too busy now and then, and sometimes breaks. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface ModelServerOptions {
  /** A number in [0, 1) for each question: below `busy` the server says 429, and below `busy + broken` 500. */
  readonly random: () => number;
  readonly busy: number;
  readonly broken: number;
  /** Milliseconds between two words. */
  readonly pace: number;
}

export interface ModelServer {
  readonly url: string;
  /** How often it answered with which status. */
  readonly answers: ReadonlyMap<number, number>;
  close(): Promise<void>;
}

/** Starts it on a free port of this machine. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const answers = new Map<number, number>();
  const server = createServer((request, response) => {
    response.once("close", () => answers.set(response.statusCode, 1 + (answers.get(response.statusCode) ?? 0)));
    answer(request, response, options).catch((error: Error) => response.destroy(error));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    answers,
    async close() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ModelServerOptions): Promise<void> {
  const prompt = await text(request);
  const chance = options.random();
  if (chance < options.busy) response.writeHead(429, { "retry-after": "1" }).end("too many questions");
  else if (chance < options.busy + options.broken) response.writeHead(500).end("out of memory");
  else if (/ignore .*instructions/i.test(prompt)) response.writeHead(422).end("it won't ignore its instructions");
  else Readable.from(wordByWord(replyTo(prompt), options.pace)).pipe(response);
}

async function* wordByWord(reply: string, pace: number): AsyncGenerator<string, undefined> {
  for (const word of reply.split(/(?<= )/)) {
    await sleep(pace);
    yield word;
  }
  return undefined;
}

/** This model is no great one: it repeats the facts that it is given. */
function replyTo(prompt: string): string {
  const [, facts = ""] = prompt.split("Facts:\n");
  return `Thank you for writing to us. ${facts.trim() || "We are looking into it."}`;
}
