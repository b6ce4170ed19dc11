import type { Static, TObject, TProperties, TSchema, TSchemaOptions, TUnsafe } from "typebox";
import { Type } from "./type.js";

/**
 * The options of a trainer, suite or scorer, one by one: each a TypeBox schema, which is its type, its JSON schema
 * (draft-07), its default and its description in one. An option without a default is `Type.Optional`.
 */
export type OptionProperties = TProperties;

/** The type of checked options: defaults are filled in, and what has none may be absent. */
export type OptionsOf<Properties extends OptionProperties> = Static<TObject<Properties>>;

/** A schema that names the JSON type of its values. */
export type TypedSchema = TSchema & { type: string };

/**
 * A value of any of several JSON types, as one schema with a list of types: keywords of JSON schema say something of
 * values of their own type alone. Gives better messages than `anyOf`.
 */
export function anyType<const Schemas extends readonly TypedSchema[]>(
  ...schemas: Schemas
): TUnsafe<Static<Schemas[number]>> {
  return Type.Unsafe(Object.assign({}, ...schemas, { type: schemas.map(({ type }) => type) }));
}

/** A value of a schema's type, or null. */
export function nullable<Schema extends TypedSchema>(schema: Schema): TUnsafe<Static<Schema> | null> {
  return anyType(schema, Type.Null());
}

/** A mapping with known keys, each of which may be left out: its default is filled in, where it has one. */
export function section<Properties extends OptionProperties>(
  properties: Properties,
  annotations: TSchemaOptions = {},
): TUnsafe<OptionsOf<Properties>> & { type: "object" } {
  const schema = { type: "object" as const, additionalProperties: false, properties, ...annotations };
  return Object.assign(Type.Unsafe<OptionsOf<Properties>>(schema), schema);
}

/** A mapping from any key to values of one schema. */
export function mapOf<Schema extends TSchema>(
  values: Schema,
  annotations: TSchemaOptions = {},
): TUnsafe<Record<string, Static<Schema>>> {
  return Type.Unsafe({ type: "object", additionalProperties: values, ...annotations });
}
