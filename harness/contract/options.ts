import {
  type Keywords,
  type Properties,
  type Schema,
  type Static,
  type StaticProperties,
  Type,
  type TypedSchema,
} from "./json-schema.js";

/**
 * The options of a trainer, suite or scorer, one by one: the schema of each is its type, its JSON schema (draft-07), its
 * default and its description in one. An option without a default is `Type.Optional`.
 */
export type OptionProperties = Properties;

/** The type of checked options: defaults are filled in, and what has none may be absent. */
export type OptionsOf<Own extends OptionProperties> = StaticProperties<Own>;

/**
 * A value of any of several JSON types, as one schema with a list of types: keywords of JSON schema say something of
 * values of their own type alone. Gives better messages than `anyOf`.
 */
export function anyType<const All extends readonly TypedSchema<unknown>[]>(...all: All): Schema<Static<All[number]>> {
  return Object.assign({}, ...all, { type: all.map(({ type }) => type) });
}

/** A value of a schema's type, or null. */
export function nullable<Own extends TypedSchema<unknown>>(schema: Own): Schema<Static<Own> | null> {
  return anyType(schema, Type.Null());
}

/** A mapping with known keys, each of which may be left out: its default is filled in, where it has one. */
export function section<Own extends OptionProperties>(
  properties: Own,
  keywords: Keywords = {},
): TypedSchema<OptionsOf<Own>, "object"> {
  return { type: "object", additionalProperties: false, properties, ...keywords };
}

/** A mapping from any key to values of one schema. */
export function mapOf<Value extends Schema>(
  values: Value,
  keywords: Keywords = {},
): TypedSchema<Record<string, Static<Value>>, "object"> {
  return { type: "object", additionalProperties: values, ...keywords };
}
