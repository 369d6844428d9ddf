/** The metrics of a system over HTTP, for Prometheus. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "../../errors/caught.ts";
import { prometheusText, prometheusType } from "../../metrics/prometheus-text.ts";
import type { System } from "./system.ts";

/**
 * Makes a handler that answers GET with the metrics of a system in Prometheus' text format, for `createServer` of `node:http` or any framework
 * that takes such handlers. It looks at no path: mount it where you like. What it says is for operators: serve it where only they can ask.
 *
 * Anything but GET and HEAD is answered with 405; with 503 when the system is closed, or measures nothing.
 *
 * @example
 * const system = await createSystem({ metrics: true });
 * createServer(metricsHandler(system)).listen(9464, "127.0.0.1");
 * @since 0.1.0
 */
export function metricsHandler(
  system: Pick<System, "metrics">,
): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method }, response) => {
    const end = (status: number, type: string, body: string): void => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
      response.end(method === "HEAD" ? undefined : body);
    };
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      end(405, "text/plain; charset=utf-8", "ask with GET\n");
      return;
    }
    system.metrics().then(
      (metrics) => end(200, prometheusType, prometheusText(metrics)),
      (error: unknown) => end(503, "text/plain; charset=utf-8", `${messageOf(error)}\n`),
    );
  };
}
