import { type AlertSettings, defaultAlerts, silentAlerts } from "../contract/alert.js";
import { readConfigFile } from "./config-file.js";
import type { AlertSection } from "./schema.js";

/** The alerts of a run: what the file says over the defaults, what the flag says over the file. */
export function alertSettings(section: AlertSection | false = {}, failOn?: AlertSettings["failOn"]): AlertSettings {
  if (section === false) return { ...silentAlerts, failOn: failOn ?? silentAlerts.failOn };
  const { task, ability, safety, cost, webhook } = section;
  const settings: AlertSettings = {
    task: { ...defaultAlerts.task, ...task },
    ability: { ...defaultAlerts.ability, ...ability },
    safety: { ...defaultAlerts.safety, ...safety },
    cost: { ...defaultAlerts.cost, ...cost },
    noise: section.noise === undefined ? defaultAlerts.noise : section.noise,
    budget: section.budget ?? defaultAlerts.budget,
    failOn: failOn ?? section.failOn ?? defaultAlerts.failOn,
  };
  const byDefault = { secretVariable: "BENCH_WEBHOOK_SECRET", timeoutSeconds: 10, retries: 4 };
  if (webhook !== undefined) settings.webhook = { ...byDefault, ...webhook };
  return settings;
}

/** The alerts of a configuration file; the defaults without one. Throws CONFIG_SYNTAX, CONFIG_INVALID. */
export const readAlertSettings = (file: string | undefined): AlertSettings =>
  alertSettings(file === undefined ? {} : readConfigFile(file).content.alerts);
