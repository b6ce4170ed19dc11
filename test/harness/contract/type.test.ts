import Library from "typebox";
import { expect, test } from "vitest";
import { Type } from "../../../harness/contract/type.js";

type Builders = Pick<typeof Library, keyof typeof Type>;

const shapes: Record<keyof Builders, (type: Builders) => object> = {
  Array: (type) => type.Array(type.String(), { minItems: 1 }),
  Boolean: (type) => type.Boolean({ default: true }),
  Enum: (type) => type.Enum(["a", 1], { default: "a", description: "d" }),
  Integer: (type) => type.Integer({ minimum: 0 }),
  Literal: (type) => type.Union([type.Literal("a"), type.Literal(1), type.Literal(false, { description: "d" })]),
  Null: (type) => type.Null({ default: null }),
  Number: (type) => type.Number({ exclusiveMinimum: 0, default: 0.5 }),
  Object: (type) =>
    type.Object(
      { a: type.Number(), b: type.Optional(type.Object({ c: type.Optional(type.Null()) })) },
      { additionalProperties: false },
    ),
  Optional: (type) => type.Optional(type.Array(type.Integer(), { default: [] })),
  String: (type) => type.String({ pattern: "^a" }),
  Union: (type) => type.Union([type.String(), type.Object({})], { description: "d" }),
  Unknown: (type) => type.Unknown({ description: "d" }),
  Unsafe: (type) => type.Object({ a: type.Unsafe<1>(type.Optional(type.String({ minLength: 1 }))) }),
};

/** A schema with what is not enumerable in it. */
const whole = (value: unknown): unknown =>
  typeof value === "object" && value !== null
    ? Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, { value: member, ...how }]) => [
        key,
        how,
        whole(member),
      ])
    : value;

test.each(Object.entries(shapes))("Type.%s makes what TypeBox makes, in the same order of keywords", (_, make) => {
  expect(whole(make(Type as Builders))).toEqual(whole(make(Library)));
});
