/** `tsx bench/telemetry-reader.ts URL VIEW`: a page that has a view of an inspector open. It says so when the first one is there. */

const [url = "", view = ""] = process.argv.slice(2);
const { origin, searchParams } = new URL(url);
const response = await fetch(`${origin}/api/v1/${view}`, {
  headers: { accept: "text/event-stream", authorization: `Bearer ${searchParams.get("token")}` },
});
if (!response.ok || response.body === null) throw new Error(`${view}: ${response.status} ${await response.text()}`);
let isOpen = false;
for await (const part of response.body) {
  if (!isOpen && part.length > 0) console.log("open");
  isOpen = true;
}
