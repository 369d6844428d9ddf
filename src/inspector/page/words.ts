/** Times and amounts, as people read them. */

export function ago(time: number, now = new Date().getTime()): string {
  const seconds = Math.round((now - time) / 1000);
  if (Math.abs(seconds) < 2) return "now";
  const [amount, unit] = inUnit(Math.abs(seconds));
  return seconds < 0 ? `in ${amount} ${unit}` : `${amount} ${unit} ago`;
}

function inUnit(seconds: number): readonly [number, string] {
  if (seconds < 90) return [seconds, "s"];
  if (seconds < 5_400) return [Math.round(seconds / 60), "min"];
  if (seconds < 129_600) return [Math.round(seconds / 3_600), "h"];
  return [Math.round(seconds / 86_400), "days"];
}

/** Local time with its date, in a form that sorts. */
export function absolute(time: number): string {
  const date = new Date(time);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clock(time)}`;
}

export function clock(time: number): string {
  const date = new Date(time);
  const two = (n: number): string => String(n).padStart(2, "0");
  const ms = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}

/** With four significant digits, at most. */
export function shortNumber(n: number): string {
  return n.toLocaleString("en", { maximumSignificantDigits: 4 });
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

export function bytes(n: number): string {
  return n < 1_048_576 ? `${(n / 1_024).toFixed(0)} kB` : `${(n / 1_048_576).toFixed(0)} MB`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** JSON with line breaks, where it is whole. */
export function laidOut(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}

/** Text without what would change how text around it reads: what controls a terminal, and what turns the direction of writing. */
export function visible(text: string): string {
  return text.replaceAll(hiddenCharacters, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const hiddenCharacters = /(?![\n\r\t])[\p{Cc}\p{Bidi_Control}\u200b\u2028\u2029\ufeff]/gu;
