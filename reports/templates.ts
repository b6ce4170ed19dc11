import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../harness/contract/files.js";
import { escapeXml } from "./charts/svg.js";

/** Where `npm run build` puts the compiled templates. */
export const compiledTemplates = join(packageRoot, "dist", "reports", "templates.cjs");

const require = createRequire(import.meta.url);
const Handlebars: typeof import("handlebars") = require("handlebars/runtime"); // its declaration file declares nothing

/**
 * A renderer of the templates in `templates/`, as `compile-templates.ts` compiled them: to compile them takes as
 * long as the rest of `bench report`. Every template is a partial of the others, named by its file.
 */
export function templates(): (name: string, view: object) => string {
  const handlebars = Handlebars.create();
  handlebars.registerHelper(
    "emphasis",
    (text: string) => new Handlebars.SafeString(escapeXml(text).replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>")),
  );
  handlebars.registerHelper("formula", (text: string) => new Handlebars.SafeString(subscripts(escapeXml(text))));
  const compiled: Record<string, TemplateSpecification> = require(compiledTemplates);
  for (const [name, template] of Object.entries(compiled)) {
    handlebars.registerPartial(name, handlebars.template(template));
  }
  return (name, view) => (handlebars.partials[name] as HandlebarsTemplateDelegate)(view);
}

/** R[i,j], Σ_{i<T} and Σ_i with their indices as subscripts. */
function subscripts(formula: string): string {
  return formula
    .replace(/\b([A-Z])\[([^\]]*)\]/g, "$1<sub>$2</sub>")
    .replace(/_\{([^}]*)\}/g, "<sub>$1</sub>")
    .replace(/_(\w)/g, "<sub>$1</sub>");
}
