/** A worker thread beside the system's: it answers requests, one after another, with code that has nothing to do with actors. */

import { parentPort, Worker } from "node:worker_threads";
import { deferred } from "../../async/deferred.ts";
import { decodeError, encodeError, type EncodedError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { threadFiles } from "./thread-files.ts";

/** Requests and answers are copied as messages between threads are. */
export interface Helper<Request, Answer> {
  /** @throws what the helper's code throws; TroupeError `thread-died` (as a rejection) when the thread ends before it has answered. */
  ask(request: Request): Promise<Answer>;
  /** Ends the thread, whatever it is doing. */
  end(): Promise<void>;
}

type Answered = { readonly answer: unknown } | { readonly error: EncodedError };

/** CommonJS, since that is what `eval` takes. */
const start = `const { workerData: { bootstrap, entry } } = require("node:worker_threads");
import(bootstrap).then(({ default: run }) => run({ entry }));`;

/** Opens a thread on a module, which exports `runThread` and calls {@link answerWith} in it. */
export function nodeHelper<Request, Answer>(entry: string): Helper<Request, Answer> {
  const worker = new Worker(start, { eval: true, workerData: { bootstrap: threadFiles().bootstrap, entry } });
  let waiting = deferred<Answered>();
  const died = deferred<never>();
  died.promise.catch(() => undefined); // heard by who asks, if someone does
  worker.on("message", (answered: Answered) => waiting.resolve(answered));
  worker.on("error", (cause) => died.reject(ended(cause)));
  worker.on("exit", () => died.reject(ended()));
  return {
    async ask(request) {
      waiting = deferred();
      worker.postMessage(request);
      const answered = await Promise.race([waiting.promise, died.promise]);
      if ("error" in answered) throw decodeError(answered.error);
      return answered.answer as Answer;
    },
    end: async () => void (await worker.terminate()),
  };
}

/** Answers each request that comes to this thread. */
export function answerWith<Request, Answer>(answer: (request: Request) => Promise<Answer>): void {
  parentPort?.on("message", (request: Request) => {
    answer(request).then(
      (given) => parentPort?.postMessage({ answer: given } satisfies Answered),
      (error: unknown) => parentPort?.postMessage({ error: encodeError(error) } satisfies Answered),
    );
  });
}

function ended(cause?: unknown): TroupeError {
  return new TroupeError("thread-died", "a thread that helps has ended before it has answered", { cause });
}
