/** In which documents a term is, and how often: pairs of a document's number and a count, in no order. */
export class Postings {
  #pairs = new Int32Array(2);
  #size = 0;

  /** Number of documents. */
  get size(): number {
    return this.#size;
  }

  /** Number and count of each document in turn; what is behind `size` pairs means nothing. */
  get pairs(): Int32Array {
    return this.#pairs;
  }

  slotAt(index: number): number {
    return this.#pairs[2 * index]!;
  }

  countAt(index: number): number {
    return this.#pairs[2 * index + 1]!;
  }

  add(slot: number, count: number): void {
    if (2 * this.#size === this.#pairs.length) {
      const larger = new Int32Array(4 * this.#size);
      larger.set(this.#pairs);
      this.#pairs = larger;
    }
    this.#pairs[2 * this.#size] = slot;
    this.#pairs[2 * this.#size + 1] = count;
    this.#size++;
  }

  /** Of a document that is there: the last one takes its place. */
  remove(slot: number): void {
    let index = 0;
    while (this.slotAt(index) !== slot) index++;
    this.#size--;
    this.#pairs.copyWithin(2 * index, 2 * this.#size, 2 * this.#size + 2);
  }
}
