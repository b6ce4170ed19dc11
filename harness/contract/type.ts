import type {
  TArray,
  TArrayOptions,
  TBoolean,
  TEnum,
  TEnumValue,
  TInteger,
  TLiteral,
  TLiteralValue,
  TNull,
  TNumber,
  TNumberOptions,
  TObject,
  TObjectOptions,
  TOptional,
  TProperties,
  TSchema,
  TSchemaOptions,
  TString,
  TStringOptions,
  TUnion,
  TUnknown,
  TUnsafe,
} from "typebox";

/** The functions that make schemas; each takes keywords of JSON schema as its last argument. */
export interface SchemaBuilders {
  /** A list of values of one schema. */
  Array<Item extends TSchema>(items: Item, options?: TArrayOptions): TArray<Item>;
  /** True or false. */
  Boolean(options?: TSchemaOptions): TBoolean;
  /** One of these values. */
  Enum<Values extends TEnumValue[]>(values: readonly [...Values], options?: TSchemaOptions): TEnum<Values>;
  /** A whole number. */
  Integer(options?: TNumberOptions): TInteger;
  /** This value alone. */
  Literal<Value extends TLiteralValue>(value: Value, options?: TSchemaOptions): TLiteral<Value>;
  /** Null. */
  Null(options?: TSchemaOptions): TNull;
  /** A number. */
  Number(options?: TNumberOptions): TNumber;
  /** A mapping with these keys; those that are not `Optional` are required. */
  Object<Properties extends TProperties>(properties: Properties, options?: TObjectOptions): TObject<Properties>;
  /** The same schema for a key that may be left out. */
  Optional<Schema extends TSchema>(schema: Schema): TOptional<Schema>;
  /** A text. */
  String(options?: TStringOptions): TString;
  /** A value of any of these schemas. */
  Union<Schemas extends TSchema[]>(anyOf: [...Schemas], options?: TSchemaOptions): TUnion<Schemas>;
  /** Any value. */
  Unknown(options?: TSchemaOptions): TUnknown;
  /** A JSON schema as it is, for values of a type that it cannot say. */
  Unsafe<Value>(schema: TSchema): TUnsafe<Value>;
}

/**
 * TypeBox schemas of the kinds that options and settings are written with: what `typebox` makes of the same calls, with
 * its types. Loading that library takes a fifth of a second, in every process and every worker.
 */
export const Type: SchemaBuilders = {
  Array: (items, options) => create("Array", { type: "array", items }, options),
  Boolean: (options) => create("Boolean", { type: "boolean" }, options),
  Enum: (values, options) => create("Enum", { enum: values }, options),
  Integer: (options) => create("Integer", { type: "integer" }, options),
  Literal: (value, options) => create("Literal", { type: typeof value, const: value }, options),
  Null: (options) => create("Null", { type: "null" }, options),
  Number: (options) => create("Number", { type: "number" }, options),
  Object: (properties, options) => create("Object", { type: "object", ...requiredOf(properties), properties }, options),
  Optional: (schema) => hide(copy(schema), "~optional", true),
  String: (options) => create("String", { type: "string" }, options),
  Union: (anyOf, options) => create("Union", { anyOf }, options),
  Unknown: (options) => create("Unknown", {}, options),
  Unsafe: (schema) => hide(copy(schema), "~unsafe", null),
};

function requiredOf(properties: TProperties): { required?: string[] } {
  const required = Object.keys(properties).filter((key) => !Object.hasOwn(properties[key]!, "~optional"));
  return required.length > 0 ? { required } : {};
}

const create = <Schema>(kind: string, keywords: object, options: object = {}): Schema =>
  hide({ ...keywords, ...options }, "~kind", kind);

const copy = (schema: TSchema): object => Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema));

/** Marks of TypeBox are not enumerable: they are no part of the JSON schema. */
const hide = <Schema>(schema: object, mark: string, value: unknown): Schema =>
  Object.defineProperty(schema, mark, { configurable: true, writable: true, enumerable: false, value }) as Schema;
