import type { SearchDimension } from "../../harness/contract/trainer.js";

/** Where `bench tune` looks for the rate of methods that train all parameters. */
export const rateRange: SearchDimension = { low: 1e-4, high: 3e-3, scale: "log" };

/** Where it looks for λ of the pull toward earlier parameters, for an importance of mean 1. */
export const strengthRange: SearchDimension = { low: 0.5, high: 50, scale: "log" };
