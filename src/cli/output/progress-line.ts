/** A line at the bottom of a terminal that shows how far the command is. */

/** The least milliseconds between two texts, as events come faster than a person reads. */
const pause = 50;

/** The part of a terminal's stream that the line uses. */
export interface ProgressStream {
  readonly columns?: number;
  write(text: string): unknown;
}

/** Owns the last line of a terminal. Its caller clears it before it writes anything else there. */
export class ProgressLine {
  readonly #stream: ProgressStream;
  #text = "";
  #isShown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** Shows a text in place of the one before, after a short delay. */
  show(text: string): void {
    this.#text = text;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const { columns = 0 } = this.#stream; // 0 if the terminal doesn't know
      const width = (columns === 0 ? 80 : columns) - 1; // one more would begin another line
      this.#stream.write(`\r\u001b[K${this.#text.slice(0, width)}`);
      this.#isShown = true;
    }, pause).unref();
  }

  /** Removes the line, so that other text can be written there. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isShown) this.#stream.write("\r\u001b[K");
    this.#isShown = false;
  }
}
