/** The values that were used last, as many as fit into so many bytes. */
export class Recent<V extends ArrayBufferView> {
  private readonly values = new Map<string, V>();
  private held = 0;

  constructor(private readonly mostBytes: number) {}

  /** Of all values that are kept. */
  get bytes(): number {
    return this.held;
  }

  /** The value of a key, made where it is not there. */
  async get(key: string, make: () => Promise<V>): Promise<V> {
    const value = this.values.get(key) ?? (await make());
    if (!this.values.delete(key)) this.held += value.byteLength;
    this.values.set(key, value);
    for (const [oldest, { byteLength }] of this.values) {
      if (this.held <= this.mostBytes) break;
      this.values.delete(oldest);
      this.held -= byteLength;
    }
    return value;
  }

  clear(): void {
    this.values.clear();
    this.held = 0;
  }
}
