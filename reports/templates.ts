import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import Handlebars from "handlebars";
import { packageRoot } from "../harness/contract/files.js";
import { escapeXml } from "./charts/svg.js";

const directory = join(packageRoot, "reports", "templates");

/** A renderer of the templates in `templates/`. Every template is a partial of the others, named by its file. */
export function templates(): (name: string, view: object) => string {
  const handlebars = Handlebars.create();
  for (const file of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".hbs")) {
      handlebars.registerPartial(basename(file, ".hbs"), readFileSync(join(directory, file), "utf8"));
    }
  }
  handlebars.registerHelper(
    "emphasis",
    (text: string) => new Handlebars.SafeString(escapeXml(text).replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>")),
  );
  handlebars.registerHelper("formula", (text: string) => new Handlebars.SafeString(subscripts(escapeXml(text))));
  const compiled = new Map<string, HandlebarsTemplateDelegate>();
  return (name, view) => {
    const template = compiled.get(name) ?? handlebars.compile(`{{> ${name}}}`);
    compiled.set(name, template);
    return template(view);
  };
}

/** R[i,j], Σ_{i<T} and Σ_i with their indices as subscripts. */
function subscripts(formula: string): string {
  return formula
    .replace(/\b([A-Z])\[([^\]]*)\]/g, "$1<sub>$2</sub>")
    .replace(/_\{([^}]*)\}/g, "<sub>$1</sub>")
    .replace(/_(\w)/g, "<sub>$1</sub>");
}
