export type { TrainingProfile } from "./config-file.js";
export { checkOptions } from "./options.js";
export { type ConfigFlags, type ConfigRequest, defaultTrainers, readConfig, splitTrainers } from "./read-config.js";
export { resolveConfig } from "./resolve-config.js";
export { suggestName } from "./schema-error.js";
