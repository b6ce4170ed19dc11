import fc from "fast-check";

const surrogates = 0xd800;
const afterSurrogates = 0xe000;
const gap = afterSurrogates - surrogates;

/** Any character of Unicode: code points but lone surrogates, which UTF-8 cannot encode. */
const character = fc.nat({ max: 0x10ffff - gap }).map(
  (index) => String.fromCodePoint(index < surrogates ? index : index + gap),
  (text) => {
    const point = typeof text === "string" ? text.codePointAt(0) : undefined;
    if (point === undefined || text !== String.fromCodePoint(point)) throw new RangeError("not one character");
    return point < surrogates ? point : point - gap;
  },
);

/**
 * Any text, of so many characters: what `fc.string({ unit: "binary" })` draws from, which makes a table of all a million
 * characters, in more than a second, to see which of the names of `Object.prototype` it may draw too.
 */
export const anyText = (maxLength?: number): fc.Arbitrary<string> => fc.string({ unit: character, maxLength });
