import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Admission, type Asked, cookieName, isToken, turnedAway } from "../../src/inspector/http/guard.ts";

const admission: Admission = { token: "t0ken", port: 4380, hosts: [], isOpen: false };
const asked: Asked = {
  method: "GET",
  host: "127.0.0.1:4380",
  origin: undefined,
  site: undefined,
  contentType: undefined,
  authorization: "Bearer t0ken",
  cookie: undefined,
};
const post: Asked = { ...asked, method: "POST", contentType: "application/json" };
const statusOf = (request: Partial<Asked>, of: Partial<Admission> = {}): number | undefined =>
  turnedAway({ ...asked, ...request }, { ...admission, ...of })?.status;

describe("a request", () => {
  test("is taken under each name of the machine, with the token in a header or in the cookie", () => {
    for (const host of ["127.0.0.1:4380", "localhost:4380", "[::1]:4380"]) expect(statusOf({ host })).toBeUndefined();
    const cookie = `other=1; ${cookieName(4380)}=t0ken`;
    expect(statusOf({ authorization: undefined, cookie })).toBeUndefined();
    expect(statusOf({ host: "localhost" }, { port: 80 })).toBeUndefined();
  });

  test("is not taken under a name that was pointed at this machine, nor at another port", () => {
    for (const host of [
      "evil.example:4380",
      "127.0.0.1:4381",
      "127.0.0.1",
      "localhost.evil.example:4380",
      "",
      undefined,
    ])
      expect(statusOf({ host })).toBe(403);
    expect(statusOf({ host: "10.0.0.7:4380" })).toBe(403);
    expect(statusOf({ host: "10.0.0.7:4380" }, { isOpen: true })).toBeUndefined();
    expect(statusOf({ host: "evil.example:4380" }, { isOpen: true })).toBe(403);
    expect(statusOf({ host: "inside.example:4380" }, { hosts: ["inside.example"] })).toBeUndefined();
  });

  test("is not taken without the token", () => {
    expect(statusOf({ authorization: undefined })).toBe(401);
    expect(statusOf({ authorization: "Bearer wrong" })).toBe(401);
    expect(statusOf({ authorization: "Basic t0ken" })).toBe(401);
    expect(statusOf({ authorization: undefined, cookie: `${cookieName(4381)}=t0ken` })).toBe(401);
  });

  test("is not taken from a page of another origin", () => {
    for (const origin of ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:4380"])
      expect(statusOf({ origin })).toBe(403);
    expect(statusOf({ origin: "http://127.0.0.1:4380" })).toBeUndefined();
  });

  test("is not taken as another method", () => {
    for (const method of ["PUT", "DELETE", "OPTIONS", "TRACE"]) expect(statusOf({ method })).toBe(405);
  });
});

describe("a command", () => {
  test("is taken as JSON, of the page or of a command line", () => {
    expect(statusOf(post)).toBeUndefined();
    expect(statusOf({ ...post, contentType: "application/json; charset=utf-8", site: "same-origin" })).toBeUndefined();
  });

  test("is not taken as what a form of another site can send", () => {
    for (const contentType of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", undefined])
      expect(statusOf({ ...post, contentType })).toBe(415);
    for (const site of ["cross-site", "same-site"]) expect(statusOf({ ...post, site })).toBe(403);
  });
});

test("whatever a page of another origin sends, nothing is answered", () => {
  const text = fc.option(fc.string(), { nil: undefined });
  fc.assert(
    fc.property(
      fc.record({
        method: fc.constantFrom("GET", "POST"),
        host: text,
        origin: fc.string().map((name) => `http://${name}.example`),
        site: text,
        contentType: text,
      }),
      (request) => {
        expect(statusOf(request)).toBeGreaterThanOrEqual(403);
      },
    ),
  );
});

test("a token is compared whole", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (given, token) => {
      expect(isToken(given, token)).toBe(given === token);
    }),
  );
  expect(isToken(undefined, "")).toBe(false);
});
