/**
 * Named objects that coordinator and workers both see: a directory or a bucket. Keys are parts separated by `/`, of letters,
 * digits, `.`, `-` and `_`. A write replaces an object whole; a reader sees the old content or the new one.
 */
export interface ObjectStore {
  /** What opens it again, on another machine too. */
  readonly address: string;
  /** Makes sure that there is a store at the address. */
  create(): Promise<void>;
  /** The content of an object; undefined where there is none. */
  read(key: string): Promise<Buffer | undefined>;
  write(key: string, content: string | Uint8Array): Promise<void>;
  /** The same from and to a file; false where there is no such object. */
  upload(key: string, file: string): Promise<void>;
  download(key: string, file: string): Promise<boolean>;
  has(key: string): Promise<boolean>;
  /**
   * The objects directly below a prefix, by the last part of their keys; the value changes with the content.
   *
   * @param wanted says of which names the value is asked for; of all unless given.
   */
  list(prefix: string, wanted?: (name: string) => boolean): Promise<Map<string, string>>;
  /** Removes everything below a prefix. */
  remove(prefix: string): Promise<void>;
}
