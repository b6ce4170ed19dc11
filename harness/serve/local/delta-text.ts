/** The parts of a text that grows, of which only what cannot change any more is given out. */
export class DeltaText {
  #given = 0;
  readonly #held: number;

  /** @param stop what ends the answer and is not part of it: its beginning must not be given out. */
  constructor(stop: readonly string[] = []) {
    this.#held = Math.max(0, ...stop.map(({ length }) => length - 1));
  }

  /** What follows from the text so far. A character whose bytes are not complete decodes to U+FFFD. */
  grown(text: string): string {
    const certain = text.replace(/\uFFFD+$/u, "");
    return this.#give(certain.slice(0, Math.max(0, certain.length - this.#held)));
  }

  /** The rest of the text. */
  whole(text: string): string {
    return this.#give(text);
  }

  #give(text: string): string {
    const part = text.slice(this.#given);
    this.#given = Math.max(this.#given, text.length);
    return part;
  }
}
