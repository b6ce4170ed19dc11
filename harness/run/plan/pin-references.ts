import { resolveReference } from "../../hub.js";

interface OptionSchema {
  format?: string;
  properties?: Record<string, OptionSchema>;
}

/**
 * Options in which every reference to a sentence model (strings that the schema gives the format `sentence-model`) names
 * its current commit, so that a cell's identity includes it. Local directories stay as they are.
 *
 * @throws what `resolveReference` throws: a wrong path or name ends before any work starts.
 */
export async function pinReferences(
  { properties = {} }: OptionSchema,
  options: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const pinned = { ...options };
  for (const [name, schema] of Object.entries(properties)) {
    const value = options[name];
    if (schema.format === "sentence-model" && typeof value === "string") {
      const { revision } = await resolveReference(value, "sentence-model");
      if (revision !== null) pinned[name] = `${value.split("@")[0]}@${revision}`;
    } else if (schema.properties !== undefined && typeof value === "object" && value !== null) {
      pinned[name] = await pinReferences(schema, value as Record<string, unknown>);
    }
  }
  return pinned;
}
