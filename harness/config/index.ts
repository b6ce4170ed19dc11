export { defaultSuite, evaluator, locationSuite } from "./defaults.js";
export { type GateSettings, readGateSettings, requireMargins } from "./gate-settings.js";
export { checkOptions } from "./options.js";
export type { TrainingProfile } from "./profile.js";
export { type ConfigFlags, type ConfigRequest, type RequestedConfig, readConfig } from "./read-config.js";
export { resolveConfig } from "./resolve-config.js";
export { readSpaceFile } from "./space-file.js";
export { splitTrainers } from "./split-trainers.js";
export { suggestName } from "./suggest-name.js";
