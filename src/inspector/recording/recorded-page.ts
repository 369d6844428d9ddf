/** A recording as one HTML file: the inspector's page, with a script that answers it from the file. It loads nothing from anywhere. */

import { createHash } from "node:crypto";
import { TroupeError } from "../../errors/troupe-error.ts";
import { pageFile } from "../http/page-files.ts";
import type { Recording } from "./recording.ts";
import { recordingId, standIn } from "./stand-in.ts";

const opening = `<script type="application/json" id="${recordingId}">`;
const closing = "</script>";

/** `folder`: where the page was built. Default: in the package. */
export async function recordedPage(recording: Recording, folder?: URL): Promise<string> {
  const [script, style] = await Promise.all([partOf("/page.js", folder), partOf("/page.css", folder)]);
  // no value can end the element that it is in, or begin another
  const data = JSON.stringify(recording).replaceAll("<", String.raw`\u003c`);
  const code = script.replaceAll("</script", String.raw`<\/script`);
  const policy = `default-src 'none'; script-src ${hashOf(standIn)} ${hashOf(code)}; style-src ${hashOf(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Troupe inspector</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<noscript>This page is a program: allow JavaScript for it.</noscript>
${opening}${data}${closing}
<script>${standIn}</script>
<script type="module">${code}</script>
</body>
</html>
`;
}

/** @throws TroupeError `invalid-options` for what is no such file. */
export function readRecordedPage(html: string, file: string): Recording {
  const from = html.indexOf(opening);
  const to = html.indexOf(closing, from);
  if (from >= 0 && to > from) {
    try {
      const recording = JSON.parse(html.slice(from + opening.length, to)) as Partial<Recording>;
      if (recording.format === 1 && typeof recording.answers === "object" && typeof recording.opens === "string")
        return recording as Recording;
    } catch {
      // said below
    }
  }
  throw new TroupeError("invalid-options", `${file} is no recording, as troupe trace --format html writes one`);
}

async function partOf(path: string, folder: URL | undefined): Promise<string> {
  const file = await pageFile(path, folder);
  if (file === undefined) throw new Error(`Defect: the page has no ${path}.`);
  return file.body.toString("utf8");
}

function hashOf(script: string): string {
  return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}
