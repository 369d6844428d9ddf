/**
 * Which requests the inspector takes. Pure. A page of another origin, which any site that a developer visits is, must learn nothing and
 * change nothing: not by its own requests (`Origin`, `Sec-Fetch-Site`, no header that allows other origins), not under a name that it had
 * pointed at this machine (`Host`; DNS rebinding), and not without the token, which only the reader of the terminal has.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** What is looked at of a request. */
export interface Asked {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly site: string | undefined;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

export interface Admission {
  readonly token: string;
  readonly port: number;
  /** Further names by which it may be reached. */
  readonly hosts: readonly string[];
  /** True where it listens on all addresses of the machine: then any address will do, but no name. */
  readonly isOpen: boolean;
}

export interface Turned {
  readonly status: 401 | 403 | 405 | 415;
  readonly message: string;
}

const loopback = ["127.0.0.1", "localhost", "[::1]"];

/** Returns why a request is turned away; `undefined` for one that is taken. The token is asked for last. */
export function turnedAway(asked: Asked, admission: Admission): Turned | undefined {
  const { method, host, origin, site } = asked;
  if (host === undefined || !isOwnHost(host, admission))
    return {
      status: 403,
      message: `it is not reached under the name ${JSON.stringify(host ?? "")}; see the option hosts`,
    };
  if (!["GET", "HEAD", "POST"].includes(method)) return { status: 405, message: `there is no ${method} here` };
  // a page of another origin sends one or both of these; a command line sends neither
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, message: "requests of other origins are not answered" };
  if (method === "POST") {
    if (site !== undefined && site !== "same-origin" && site !== "none")
      return { status: 403, message: "requests of other sites are not answered" };
    if (!/^application\/json\s*(;|$)/i.test(asked.contentType ?? ""))
      return { status: 415, message: "a command is sent as application/json" };
  }
  if (!isToken(tokenIn(asked, admission.port), admission.token))
    return { status: 401, message: "open the URL with the token, or send it as Authorization: Bearer TOKEN" };
  return undefined;
}

/** True for the token, in a time that tells nothing about it. */
export function isToken(given: string | undefined, token: string): boolean {
  return given !== undefined && timingSafeEqual(digestOf(given), digestOf(token));
}

/** The cookie's name: cookies of one machine are the same for all ports. */
export function cookieName(port: number): string {
  return `troupe-inspector-${port}`;
}

function tokenIn({ authorization, cookie }: Asked, port: number): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (bearer !== undefined) return bearer;
  const prefix = `${cookieName(port)}=`;
  return (cookie ?? "")
    .split(/; */)
    .find((part) => part.startsWith(prefix))
    ?.slice(prefix.length);
}

function isOwnHost(host: string, { port, hosts, isOpen }: Admission): boolean {
  const [, name = "", given] = /^(\[[\da-fA-F:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(host) ?? [];
  if (Number(given ?? 80) !== port) return false;
  if (loopback.includes(name) || hosts.includes(name)) return true;
  return isOpen && isIP(name.replaceAll(/[[\]]/g, "")) !== 0;
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
