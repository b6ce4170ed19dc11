// A step of `npm run build`: compiles the published schemas to the validators that `published-schema.ts` loads.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv } from "ajv";
import { packageRoot } from "../contract/files.js";
import { compiledSchemas } from "./published-schema.js";
import { ownSchemas } from "./schema-error.js";

const { default: standaloneCode } = createRequire(import.meta.url)(
  "ajv/dist/standalone",
) as typeof import("ajv/dist/standalone/index.js");
const source = join(packageRoot, "harness", "contract", "schemas");
const ending = ".schema.json";

mkdirSync(compiledSchemas, { recursive: true });
for (const file of readdirSync(source).filter((name) => name.endsWith(ending))) {
  const name = file.slice(0, -ending.length);
  if (name === "outputs") continue; // what commands print, which only tests check
  const ajv = new Ajv({ ...ownSchemas, code: { source: true } });
  const validate = ajv.compile(JSON.parse(readFileSync(join(source, file), "utf8")));
  writeFileSync(join(compiledSchemas, `${name}.cjs`), standaloneCode(ajv, validate));
}
