// A step of `npm run build`: compiles the templates to the functions that `templates.ts` loads.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import Handlebars from "handlebars";
import { packageRoot } from "../harness/contract/files.js";
import { compiledTemplates } from "./templates.js";

const source = join(packageRoot, "reports", "templates");
const ending = ".hbs";

const functions = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(ending))
  .map((file) => [basename(file, ending), Handlebars.precompile(readFileSync(join(source, file), "utf8"))]);
const members = functions.map(([name, code]) => `${JSON.stringify(name)}: ${code}`);
writeFileSync(compiledTemplates, `module.exports = {\n${members.join(",\n")}\n};\n`);
