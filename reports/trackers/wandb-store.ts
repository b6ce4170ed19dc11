import protobuf from "protobufjs";
import { crc32 } from "../../harness/contract/files/checksum.js";

/** The parts of wandb_internal.proto (wandb 0.31) that are written. */
const schema = `syntax = "proto3";
message Record { int64 num = 1; oneof record_type { History history = 2; Summary summary = 3; Files files = 6; Metric metric = 12;
  Run run = 17; Exit exit = 18; Header header = 21; } }
message Header { Version version_info = 1; message Version { string producer = 1; string min_consumer = 2; } }
message Item { string key = 1; repeated string nested_key = 2; string value_json = 16; }
message Config { repeated Item update = 1; }
message Run { string run_id = 1; string project = 3; Config config = 4; string run_group = 6; string job_type = 7;
  string display_name = 8; string notes = 9; Timestamp start_time = 17; message Timestamp { int64 seconds = 1; int32 nanos = 2; } }
message History { repeated Item item = 1; Step step = 2; message Step { int64 num = 1; } }
message Summary { repeated Item update = 1; }
message Metric { string name = 1; string step_metric = 4; Options options = 6; message Options { bool step_sync = 1; bool defined = 3; } }
message Files { repeated File files = 1; message File { string path = 1; int32 policy = 2; } }
message Exit { int32 exit_code = 1; int32 runtime = 2; }`;

const Record = protobuf.parse(schema, { keepCase: true }).root.lookupType("Record");

const blockSize = 32_768;
const headerSize = 7;

/** What a piece is of its record, by LevelDB's log format. */
const pieceTypes = { full: 1, first: 2, middle: 3, last: 4 } as const;

/**
 * A `.wandb` file: the magic number, then records in LevelDB's log format: blocks of 32 KiB, and before each piece of a
 * record its CRC-32 (of type and data), length and type.
 */
export class DataStore {
  readonly #parts: Uint8Array[] = [Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0])]; // ":W&B", 0xbee1, version 0
  #length = headerSize;
  #count = 0;

  add(record: object): void {
    this.#count += 1;
    const data = Record.encode(Record.create({ num: this.#count, ...record })).finish();
    let written = 0;
    do {
      let room = blockSize - (this.#length % blockSize);
      if (room < headerSize) {
        this.#push(new Uint8Array(room));
        room = blockSize;
      }
      const piece = data.subarray(written, written + room - headerSize);
      const isFirst = written === 0;
      written += piece.length;
      const isLast = written === data.length;
      const type = isFirst ? (isLast ? "full" : "first") : isLast ? "last" : "middle";
      const typed = Buffer.concat([Buffer.from([pieceTypes[type]]), piece]);
      const header = Buffer.alloc(headerSize - 1);
      header.writeUInt32LE(crc32(typed), 0);
      header.writeUInt16LE(piece.length, 4);
      this.#push(header);
      this.#push(typed);
    } while (written < data.length);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}
