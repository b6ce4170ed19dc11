/** A cyclic redundancy check of 32 bits, with bits in reversed order (RFC 3720 §B.4, ITU-T V.42). */
function checksumOf(polynomial: number): (bytes: Uint8Array) => number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest;
  });
  return (bytes) => {
    let rest = 0xffffffff;
    for (const byte of bytes) rest = table[(rest ^ byte) & 0xff]! ^ (rest >>> 8);
    return ~rest >>> 0;
  };
}

/** CRC-32 of zip, of PNG and of W&B's data store. */
export const crc32: (bytes: Uint8Array) => number = checksumOf(0xedb88320);

/** CRC-32C (Castagnoli), of TFRecord. */
export const crc32c: (bytes: Uint8Array) => number = checksumOf(0x82f63b78);
