/** Stands in for a language model: a server that streams an answer, is too busy now and then, and sometimes breaks. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { mulberry32 } from "../credit/mulberry32.ts";

export interface ModelServerOptions {
  /** A number in [0, 1) for each question: below `busy` the server says 429, and below `busy + broken` 500. Default: by chance. */
  readonly random?: () => number;
  /** Default 0.1. */
  readonly busy?: number;
  /** Default 0.1. */
  readonly broken?: number;
  /** Milliseconds between two words. Default 10. */
  readonly pace?: number;
}

export interface ModelServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts it on a free port of this machine. */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const { random = mulberry32(1), busy = 0.1, broken = 0.1, pace = 10 } = options;
  const server = createServer((request, response) => {
    answer(request, response, { random, busy, broken, pace }).catch((error: Error) => response.destroy(error));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { random, busy, broken, pace }: Required<ModelServerOptions>,
): Promise<void> {
  const prompt = await text(request);
  const chance = random();
  if (chance < busy) response.writeHead(429, { "retry-after": "1" }).end("too many questions");
  else if (chance < busy + broken) response.writeHead(500).end("out of memory");
  else if (/ignore .*instructions/i.test(prompt)) response.writeHead(422).end("it won't ignore its instructions");
  else Readable.from(wordByWord(replyTo(prompt), pace)).pipe(response);
}

async function* wordByWord(reply: string, pace: number): AsyncGenerator<string, undefined> {
  for (const word of reply.split(/(?<= )/)) {
    await sleep(pace);
    yield word;
  }
  return undefined;
}

const signs: readonly (readonly [string, RegExp])[] = [
  ["billing", /charged|refund|money|send .* back/i],
  ["delivery", /parcel|late|arrive/i],
  ["technical", /dark|crash|switch|app/i],
];

/** This model is no great one: it knows some words, looks one of them up, and then repeats its notes. */
function replyTo(prompt: string): string {
  const [question = "", notes] = prompt.split("\nNotes:\n");
  if (notes === undefined) return signs.find(([, sign]) => sign.test(question))?.[0] ?? "something";
  if (!notes.includes("The handbook"))
    return `LOOK UP ${/charged|send|parcel|dark|crash/i.exec(question)?.[0] ?? "everything"}`;
  return `Thank you for writing to us. ${notes.split("\n").join(" ")}`;
}
