/** The values that were used last, as many as fit into so many bytes. */
export class Recent<V extends ArrayBufferView> {
  private readonly values = new Map<string, V>();
  private bytes = 0;

  constructor(private readonly mostBytes: number) {}

  /** The value of a key, made where it is not there. */
  async get(key: string, make: () => Promise<V>): Promise<V> {
    const value = this.values.get(key) ?? (await make());
    if (!this.values.delete(key)) this.bytes += value.byteLength;
    this.values.set(key, value);
    for (const [oldest, { byteLength }] of this.values) {
      if (this.bytes <= this.mostBytes) break;
      this.values.delete(oldest);
      this.bytes -= byteLength;
    }
    return value;
  }

  clear(): void {
    this.values.clear();
    this.bytes = 0;
  }
}
