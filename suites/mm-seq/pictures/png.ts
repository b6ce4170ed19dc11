import { crc32 } from "../../../harness/contract/files/checksum.js";
import { pictureSize } from "./canvas.js";

/**
 * A square RGB picture as a PNG whose bytes depend on its pixels alone: the data is stored, not compressed, since compressors
 * differ from version to version (https://www.w3.org/TR/png-3/, RFC 1950, RFC 1951).
 */
export function encodePng(pixels: Uint8Array): Buffer {
  const line = 3 * pictureSize;
  const lines = Buffer.alloc(pictureSize * (line + 1)); // each line starts with the number of its filter: none
  for (let y = 0; y < pictureSize; y++) lines.set(pixels.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  const size = Buffer.alloc(8);
  size.writeUInt32BE(pictureSize, 0);
  size.writeUInt32BE(pictureSize, 4);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", Buffer.concat([size, Buffer.of(8, 2, 0, 0, 0)])), // 8 bits, RGB
    chunk("IDAT", stored(lines)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A zlib stream of one block that is not compressed; it takes up to 65,535 bytes. */
function stored(data: Buffer): Buffer {
  const [head, check] = [Buffer.alloc(7), Buffer.alloc(4)];
  head.set([0x78, 0x01, 0x01]);
  head.writeUInt16LE(data.length, 3);
  head.writeUInt16LE(data.length ^ 0xffff, 5);
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  check.writeUInt32BE(b * 65_536 + a);
  return Buffer.concat([head, data, check]);
}
