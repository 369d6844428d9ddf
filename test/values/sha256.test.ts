/** The hash is SHA-256, whichever way Node has it. */

import { afterEach, expect, it, vi } from "vitest";

afterEach(() => {
  vi.doUnmock("node:crypto");
  vi.resetModules();
});

// the vectors of FIPS 180-2, and one that is not ASCII
const vectors = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["é", "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"],
] as const;

it.each(["as it is", "without hash()"])("hashes texts and bytes with the Node at hand %s", async (node) => {
  if (node === "without hash()")
    vi.doMock("node:crypto", async (original) => ({ ...(await original<object>()), hash: undefined }));
  const { sha256 } = await import("../../src/values/sha256.ts");
  for (const [text, hex] of vectors) {
    expect(sha256(text, "hex", 64)).toBe(hex);
    expect(sha256(Buffer.from(text), "hex", 16)).toBe(hex.slice(0, 16));
    expect(sha256(text, "base64url", 20)).toBe(Buffer.from(hex, "hex").toString("base64url").slice(0, 20));
  }
});
