/** The values that were used last, as many as fit into so many bytes. One that does not fit by itself is not kept. */
export class Recent<V extends { readonly byteLength: number }> {
  private readonly values = new Map<string, V>();
  private held = 0;

  constructor(private readonly mostBytes: number) {}

  /** Of all values that are kept. */
  get bytes(): number {
    return this.held;
  }

  /** The value of a key, where it is kept. */
  find(key: string): V | undefined {
    const value = this.values.get(key);
    if (value !== undefined) {
      this.values.delete(key);
      this.values.set(key, value); // at the end: used last
    }
    return value;
  }

  add(key: string, value: V): void {
    if (value.byteLength > this.mostBytes || this.values.has(key)) return;
    this.values.set(key, value);
    this.held += value.byteLength;
    for (const [oldest, { byteLength }] of this.values) {
      if (this.held <= this.mostBytes) return;
      this.values.delete(oldest);
      this.held -= byteLength;
    }
  }

  /** The value of a key, made where it is not there. */
  async get(key: string, make: () => Promise<V>): Promise<V> {
    const known = this.find(key);
    if (known !== undefined) return known;
    const value = await make();
    this.add(key, value);
    return value;
  }

  clear(): void {
    this.values.clear();
    this.held = 0;
  }
}
