/** The values that were used last, as many as fit; the newest one in any case. */
export class Recent<K, V> {
  private readonly values = new Map<K, V>();
  private bytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly bytesOf: (value: V) => number,
  ) {}

  get(key: K): V | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    this.values.delete(key);
    this.values.set(key, value); // the last one in is the last to go
    return value;
  }

  set(key: K, value: V): void {
    this.delete(key);
    this.values.set(key, value);
    this.bytes += this.bytesOf(value);
    for (const oldest of this.values.keys()) {
      if (this.bytes <= this.maxBytes || this.values.size === 1) break;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const value = this.values.get(key);
    if (value === undefined) return;
    this.values.delete(key);
    this.bytes -= this.bytesOf(value);
  }

  all(): IterableIterator<V> {
    return this.values.values();
  }
}
