import { checkOptions } from "../../../harness/config/options.js";
import type { Suite } from "../../../harness/contract/suite.js";
import { folder } from "../../../suites/folder/index.js";

/** The folder suite of a location, with options as they come out of the check. */
export const loadFolder = (location: string, options: Record<string, unknown> = {}, quick = false): Promise<Suite> =>
  folder.load({ location, options: checkOptions(folder.options, options, 'suite "folder"'), quick });
