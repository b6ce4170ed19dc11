/** Keywords of JSON schema (draft-07) that say more of a value than its type. */
export interface Keywords {
  readonly default?: unknown;
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

/** Only types know it. */
declare const value: unique symbol;
/** JSON leaves it out. */
const optional: unique symbol = Symbol("optional");

/** A JSON schema that knows the type of the values that it accepts. */
export interface Schema<Value = unknown> {
  readonly [value]?: Value;
  readonly [keyword: string]: unknown;
}

/** A schema of one JSON type. */
export interface TypedSchema<Value, Name extends string = string> extends Schema<Value> {
  readonly type: Name;
}

/** A schema of a member that may be absent. */
export type OptionalSchema<Own extends Schema> = Own & { readonly [optional]: true };

/** Schemas of the members of an object, by name. */
export type Properties = Readonly<Record<string, Schema>>;

/** The type of the values that a schema accepts. */
export type Static<Own extends Schema> = Own extends Schema<infer Value> ? Value : never;

type OptionalKeys<Own extends Properties> = {
  [Key in keyof Own]: Own[Key] extends { readonly [optional]: true } ? Key : never;
}[keyof Own];

type Members<Own extends Properties> = {
  -readonly [Key in Exclude<keyof Own, OptionalKeys<Own>>]: Static<Own[Key]>;
} & {
  -readonly [Key in OptionalKeys<Own>]?: Static<Own[Key]>;
};

/** The type of an object with these members. */
export type StaticProperties<Own extends Properties> = { [Key in keyof Members<Own>]: Members<Own>[Key] };

/** Whether a member may be absent. */
export const isOptional = (schema: Schema): boolean => optional in schema;

/**
 * Schemas that are written once and give the JSON schema, the static type, the default and the description: the part of
 * TypeBox's interface that bench needs. TypeBox itself takes a fifth of a second of every process that loads it.
 */
export const Type = {
  Number: (keywords: Keywords = {}): TypedSchema<number, "number"> => ({ type: "number", ...keywords }),
  Integer: (keywords: Keywords = {}): TypedSchema<number, "integer"> => ({ type: "integer", ...keywords }),
  String: (keywords: Keywords = {}): TypedSchema<string, "string"> => ({ type: "string", ...keywords }),
  Boolean: (keywords: Keywords = {}): TypedSchema<boolean, "boolean"> => ({ type: "boolean", ...keywords }),
  Null: (keywords: Keywords = {}): TypedSchema<null, "null"> => ({ type: "null", ...keywords }),
  /** Any value. */
  Unknown: (keywords: Keywords = {}): Schema => ({ ...keywords }),
  /** Exactly this value. */
  Literal: <const Value extends string | number | boolean>(only: Value, keywords: Keywords = {}): Schema<Value> => ({
    type: typeof only,
    const: only,
    ...keywords,
  }),
  /** One of these values. */
  Enum: <const Values extends readonly (string | number)[]>(
    values: Values,
    keywords: Keywords = {},
  ): Schema<Values[number]> => ({ enum: values, ...keywords }),
  /** A list of values of one schema. */
  Array: <Item extends Schema>(items: Item, keywords: Keywords = {}): TypedSchema<Static<Item>[], "array"> => ({
    type: "array",
    items,
    ...keywords,
  }),
  /** An object of known members, which must be there unless they are `Optional`. */
  Object: <Own extends Properties>(
    properties: Own,
    keywords: Keywords = {},
  ): TypedSchema<StaticProperties<Own>, "object"> => {
    const required = Object.keys(properties).filter((name) => !isOptional(properties[name]!));
    return { type: "object", ...(required.length > 0 && { required }), properties, ...keywords };
  },
  /** A value that one of the schemas accepts. */
  Union: <const All extends readonly Schema[]>(all: All, keywords: Keywords = {}): Schema<Static<All[number]>> => ({
    anyOf: all,
    ...keywords,
  }),
  /** A member that may be absent. */
  Optional: <Own extends Schema>(schema: Own): OptionalSchema<Own> => ({ ...schema, [optional]: true }),
};
