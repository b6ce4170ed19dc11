import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { packageRoot } from "../harness/contract/files.js";

const directory = join(packageRoot, "reports", "templates");

/** Renders a template of `templates/`; all others are its partials. A name that the view lacks is an error. */
export function renderTemplate(name: string, view: object): string {
  const handlebars = Handlebars.create();
  for (const file of readdirSync(directory)) {
    handlebars.registerPartial(file.replace(/\.hbs$/, ""), readFileSync(join(directory, file), "utf8"));
  }
  return handlebars.compile(`{{> ${name}}}`, { strict: false })(view);
}
