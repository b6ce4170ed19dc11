/** Numbers for texts: small, each used by one text at a time, used again after its text is gone. */
export class Slots {
  readonly #slots = new Map<string, number>();
  readonly #texts: (string | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many texts are there. */
  get size(): number {
    return this.#slots.size;
  }

  /** Above every number in use. */
  get end(): number {
    return this.#texts.length;
  }

  get(text: string): number | undefined {
    return this.#slots.get(text);
  }

  /** The text of a number; undefined where it is not in use. */
  textOf(slot: number): string | undefined {
    return this.#texts[slot];
  }

  /** A number for a text that is not there. */
  take(text: string): number {
    const slot = this.#free.pop() ?? this.#texts.length;
    this.#texts[slot] = text;
    this.#slots.set(text, slot);
    return slot;
  }

  /** Forgets a text that is there; returns what its number was. */
  release(text: string): number {
    const slot = this.#slots.get(text)!;
    this.#slots.delete(text);
    this.#texts[slot] = undefined;
    this.#free.push(slot);
    return slot;
  }

  /** All texts, in no order that means anything. */
  texts(): Iterable<string> {
    return this.#slots.keys();
  }
}
