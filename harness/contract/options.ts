import Type from "typebox";

/**
 * The options of a trainer, suite or scorer, one by one: each a TypeBox schema, which is its type, its JSON schema
 * (draft-07), its default and its description in one. An option without a default is `Type.Optional`.
 */
export type OptionProperties = Type.TProperties;

/** The type of checked options: defaults are filled in, and what has none may be absent. */
export type OptionsOf<Properties extends OptionProperties> = Type.Static<Type.TObject<Properties>>;

type Typed = Type.TSchema & { type: string };

/**
 * A value of any of several JSON types, as one schema with a list of types: keywords of JSON schema say something of
 * values of their own type alone. Gives better messages than `anyOf`.
 */
export function anyType<const Schemas extends readonly Typed[]>(
  ...schemas: Schemas
): Type.TUnsafe<Type.Static<Schemas[number]>> {
  return Type.Unsafe(Object.assign({}, ...schemas, { type: schemas.map(({ type }) => type) }));
}

/** A value of a schema's type, or null. */
export function nullable<Schema extends Typed>(schema: Schema): Type.TUnsafe<Type.Static<Schema> | null> {
  return anyType(schema, Type.Null());
}

/** A mapping with known keys, each of which may be left out: its default is filled in, where it has one. */
export function section<Properties extends OptionProperties>(
  properties: Properties,
  annotations: Type.TSchemaOptions = {},
): Type.TUnsafe<OptionsOf<Properties>> & { type: "object" } {
  const schema = { type: "object" as const, additionalProperties: false, properties, ...annotations };
  return Object.assign(Type.Unsafe<OptionsOf<Properties>>(schema), schema);
}

/** A mapping from any key to values of one schema. */
export function mapOf<Schema extends Type.TSchema>(
  values: Schema,
  annotations: Type.TSchemaOptions = {},
): Type.TUnsafe<Record<string, Type.Static<Schema>>> {
  return Type.Unsafe({ type: "object", additionalProperties: values, ...annotations });
}
