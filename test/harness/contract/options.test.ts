import fc from "fast-check";
import type { TSchema } from "typebox";
import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { anyType, mapOf, nullable, section } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";

const acceptor = (option: TSchema) => {
  const schema = { properties: { option } };
  return (value: unknown): boolean => {
    try {
      checkOptions(schema, { option: value }, "test");
      return true;
    } catch {
      return false;
    }
  };
};

const share = Type.Number({ exclusiveMinimum: 0, maximum: 1 });
const range = Type.Object({ from: Type.Number(), to: Type.Number() }, { additionalProperties: false });
const limitProperties = { every: Type.Integer({ minimum: 1, default: 10 }), patience: Type.Integer({ default: 3 }) };
const limits = section(limitProperties);

test("a value of any of several types is accepted exactly where one of their schemas accepts it", () => {
  const either = acceptor(anyType(share, range, Type.Null()));
  const orNull = acceptor(nullable(share));
  const [isShare, isRange, isNull] = [share, range, Type.Null()].map(acceptor);
  const value = fc.oneof(
    fc.double({ min: -2, max: 2, noNaN: true }),
    fc.constant(null),
    fc.record({ from: fc.double({ noNaN: true }), to: fc.double({ noNaN: true }) }, { requiredKeys: [] }),
    fc.boolean(),
    fc.string(),
    fc.array(fc.double()),
  );
  fc.assert(
    fc.property(value, (given) => {
      expect(either(given)).toBe(isShare!(given) || isRange!(given) || isNull!(given));
      expect(orNull(given)).toBe(isShare!(given) || given === null);
    }),
  );
});

test("a section fills in what is left out, null is not a section, and an unknown key is an error", () => {
  const schema = { properties: { stop: nullable(section(limitProperties, { default: null })) } };
  expect(checkOptions(schema, {}, "test")).toEqual({ stop: null });
  expect(checkOptions(schema, { stop: { every: 5 } }, "test")).toEqual({ stop: { every: 5, patience: 3 } });
  expect(() => checkOptions(schema, { stop: { evry: 5 } }, "test")).toThrow('unknown option "evry" in "stop"');
  expect(acceptor(limits)(null)).toBe(false);
});

test("a mapping takes any key and checks every value", () => {
  expect(acceptor(mapOf(share))({ embed: 0.5, "a\nb": 1 })).toBe(true);
  expect(acceptor(mapOf(share))({ embed: 0.5, "a\nb": 2 })).toBe(false);
});
