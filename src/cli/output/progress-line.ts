/** A line at the bottom of a terminal that says how far the command is. */

/** Milliseconds between two texts at least: events come faster than anybody reads. */
const pause = 50;

/** What a terminal's stream is needed for. */
export interface ProgressStream {
  readonly columns?: number;
  write(text: string): unknown;
}

export class ProgressLine {
  readonly #stream: ProgressStream;
  #text = "";
  #isShown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** Shows a text in the place of the one before, soon. */
  show(text: string): void {
    this.#text = text;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const { columns = 0 } = this.#stream; // 0 where a terminal doesn't know
      const width = (columns === 0 ? 80 : columns) - 1; // one more would begin another line
      this.#stream.write(`\r\u001b[K${this.#text.slice(0, width)}`);
      this.#isShown = true;
    }, pause).unref();
  }

  /** Takes the line away, so that something else can be written there. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isShown) this.#stream.write("\r\u001b[K");
    this.#isShown = false;
  }
}
