import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import type { ObjectStore } from "./object-store.js";

/**
 * A store in a bucket of S3, or of what speaks its protocol. Region, credentials and another address
 * (`AWS_ENDPOINT_URL_S3`) come from the environment, as AWS's tools read it. An object has at most 5 GB.
 */
export class S3Store implements ObjectStore {
  private readonly client: S3Client;

  /** @param prefix of all keys; empty, or with a slash at its end. */
  constructor(
    readonly address: string,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {
    const elsewhere = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
    // Buckets of other servers are paths, not names of hosts. What is tried again is decided by `patientStore`.
    this.client = new S3Client({ forcePathStyle: elsewhere !== undefined, maxAttempts: 1 });
  }

  async create(): Promise<void> {
    await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }));
  }

  async read(key: string): Promise<Buffer | undefined> {
    const answer = await orAbsent(this.client.send(new GetObjectCommand(this.at(key))));
    return answer && Buffer.from(await answer.Body!.transformToByteArray());
  }

  async write(key: string, content: string | Uint8Array): Promise<void> {
    await this.client.send(new PutObjectCommand({ ...this.at(key), Body: content }));
  }

  async upload(key: string, file: string): Promise<void> {
    const { size } = await stat(file);
    const request = { ...this.at(key), Body: createReadStream(file), ContentLength: size };
    await this.client.send(new PutObjectCommand(request));
  }

  async download(key: string, file: string): Promise<boolean> {
    const answer = await orAbsent(this.client.send(new GetObjectCommand(this.at(key))));
    if (answer === undefined) return false;
    await mkdir(dirname(file), { recursive: true });
    await pipeline(answer.Body as Readable, createWriteStream(file));
    return true;
  }

  async has(key: string): Promise<boolean> {
    return (await orAbsent(this.client.send(new HeadObjectCommand(this.at(key))))) !== undefined;
  }

  async list(prefix: string, wanted: (name: string) => boolean = () => true): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const below = `${this.prefix}${prefix}/`;
    for await (const { Contents = [] } of this.pages(below, "/")) {
      for (const { Key, ETag } of Contents) {
        const name = Key!.slice(below.length);
        if (wanted(name)) found.set(name, ETag!);
      }
    }
    return found;
  }

  async remove(prefix: string): Promise<void> {
    const Bucket = this.bucket;
    const own = (Key: string) => Key === this.prefix + prefix || Key.startsWith(`${this.prefix}${prefix}/`);
    for await (const { Contents = [] } of this.pages(this.prefix + prefix)) {
      const Objects = Contents.flatMap(({ Key }) => (own(Key!) ? [{ Key: Key! }] : []));
      if (Objects.length > 0) await this.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    }
  }

  private pages(Prefix: string, Delimiter?: string) {
    return paginateListObjectsV2({ client: this.client }, { Bucket: this.bucket, Prefix, Delimiter });
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: this.prefix + key };
  }
}

async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (["NoSuchKey", "NotFound"].includes((error as Error).name)) return undefined;
    throw error;
  }
}
