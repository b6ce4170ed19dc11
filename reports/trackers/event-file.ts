import protobuf from "protobufjs";
import { crc32c } from "../../harness/contract/files/checksum.js";

/** The parts of TensorFlow's event.proto, summary.proto and tensor.proto and of TensorBoard's hparams plug-in that are written. */
const schema = `syntax = "proto3";
message Event { double wall_time = 1; int64 step = 2; oneof what { string file_version = 3; Summary summary = 5; } }
message Summary { repeated Value value = 1; message Value { string tag = 1; optional float simple_value = 2; Tensor tensor = 8; Metadata metadata = 9; } }
message Metadata { Plugin plugin_data = 1; message Plugin { string plugin_name = 1; bytes content = 2; } }
message Tensor { int32 dtype = 1; Shape tensor_shape = 2; repeated bytes string_val = 8; message Shape { repeated Dim dim = 2; message Dim { int64 size = 1; } } }
message HParams { int32 version = 1; SessionStart session_start_info = 3; SessionEnd session_end_info = 4; }
message SessionStart { map<string, Parameter> hparams = 1; string group_name = 4; double start_time_secs = 5; }
message SessionEnd { int32 status = 1; double end_time_secs = 2; }
message Parameter { oneof kind { double number_value = 2; string string_value = 3; bool bool_value = 4; } }`;

const { root } = protobuf.parse(schema, { keepCase: true });
const Event = root.lookupType("Event");
const HParams = root.lookupType("HParams");

/** Of types.proto. */
const [floatType, stringType] = [1, 7];

/** What carries metadata only needs a tensor, though of nothing. */
const noTensor = { dtype: floatType, tensor_shape: { dim: [{ size: 0 }] } };

/** Numbers in single precision, as TensorBoard stores scalars. */
export const scalar = (tag: string, value: number): object => ({ tag, simple_value: value });

/** Markdown for the tab "Text". */
export function text(tag: string, markdown: string): object {
  const tensor = { dtype: stringType, tensor_shape: { dim: [{ size: 1 }] }, string_val: [Buffer.from(markdown)] };
  return { tag, tensor, metadata: { plugin_data: { plugin_name: "text" } } };
}

/** The parameters of a session for the tab "HParams", and how it ended (1 success, 2 failure, 0 unknown, 3 running). */
export function hyperparameters(
  parameters: Readonly<Record<string, string | number | boolean>>,
  times: { start: number; end: number | null },
  status: 0 | 1 | 2 | 3,
): object[] {
  const hparams = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, { [`${kinds[typeof value]}_value`]: value }]),
  );
  const session = (part: string, content: object) => ({
    tag: `_hparams_/${part}`,
    tensor: noTensor,
    metadata: {
      plugin_data: {
        plugin_name: "hparams",
        content: HParams.encode(HParams.create({ version: 0, [part]: content })).finish(),
      },
    },
  });
  return [
    session("session_start_info", { hparams, start_time_secs: times.start }),
    session("session_end_info", { status, ...(times.end === null ? {} : { end_time_secs: times.end }) }),
  ];
}

const kinds: Record<string, string> = { number: "number", string: "string", boolean: "bool" };

/** An event file of TensorBoard: TFRecords (length and data, each with its masked CRC-32C) of events. */
export class EventFile {
  readonly #records: Uint8Array[] = [];

  /** @param time seconds since 1970, of every event. */
  constructor(private readonly time: number) {
    this.#push({ wall_time: time, file_version: "brain.Event:2" });
  }

  add(step: number, value: object[]): void {
    this.#push({ wall_time: this.time, step, summary: { value } });
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#records);
  }

  #push(event: object): void {
    const data = Event.encode(Event.create(event)).finish();
    const record = Buffer.alloc(16 + data.length);
    record.writeBigUInt64LE(BigInt(data.length), 0);
    record.writeUInt32LE(masked(record.subarray(0, 8)), 8);
    record.set(data, 12);
    record.writeUInt32LE(masked(data), 12 + data.length);
    this.#records.push(record);
  }
}

/** The CRC of data that may hold CRCs itself, rotated and moved (TensorFlow's lib/hash/crc32c.h). */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
