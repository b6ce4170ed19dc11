import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeMessage, MessageReader } from "../../../../trainers/engine/torch/frames.js";

const tensor = fc.float32Array({ maxLength: 20 });
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.constant(null), tensor, tie("list"), tie("object")),
  list: fc.array(tie("any"), { maxLength: 4 }),
  object: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("any")),
})).any;

test("messages arrive as they were sent, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (contents, size) => {
      const messages = contents.map((content) => ({ id: 1, content }));
      const stream = Buffer.concat(messages.flatMap(encodeMessage));
      const heard: unknown[] = [];
      const reader = new MessageReader((message) => heard.push(message));
      for (let start = 0; start < stream.length; start += size) reader.push(stream.subarray(start, start + size));
      expect(heard).toEqual(messages);
    }),
  );
});

test("numbers that JSON does not have arrive", () => {
  const heard: unknown[] = [];
  const text = Buffer.from('{"result":[{"number":"nan"},{"number":"-inf"}]}');
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text.length);
  new MessageReader((message) => heard.push(message)).push(Buffer.concat([head, text]));
  expect(heard).toEqual([{ result: [Number.NaN, Number.NEGATIVE_INFINITY] }]);
});

const framed = (text: string): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(Buffer.byteLength(text));
  return Buffer.concat([head, Buffer.from(text)]);
};

test.each([
  ["a head of four gigabytes", Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ["no JSON", framed("{")],
  ["null", framed("null")],
  ["sizes below zero", framed('{"id":1,"tensors":[-4]}')],
  ["sizes that are no numbers", framed('{"id":1,"tensors":["4"]}')],
  ["half a number", framed('{"id":1,"tensors":[6]}')],
  ["tensors beyond any memory", framed('{"id":1,"tensors":[9e15]}')],
  ["no list of sizes", framed('{"id":1,"tensors":7}')],
])("what is no message is refused: %s", (_, bytes) => {
  const reader = new MessageReader(() => expect.fail("it was heard"));
  expect(() => reader.push(bytes)).toThrow();
});
