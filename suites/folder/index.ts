import { defineSuite } from "../../harness/contract/define.js";
import { folderOptions } from "./options.js";

/** Any data with train and test rows: a folder for each task, a data set of the Hub, or one file a task. */
export const folder = defineSuite({
  name: "folder",
  readsLocations: true,
  summary: "Your own data: <task>/{train,validation,test} as JSON, JSONL, CSV, TSV or Parquet; columns are recognized",
  source: "files in TRACE's layout (2310.06762) and others, by path or hf://datasets/owner/name",
  options: folderOptions,
  load: async (request) => (await import("./load.js")).loadFolderSuite(request),
  async template(directory) {
    const { settingsTemplate } = await import("./settings-template.js");
    return { file: "suite.yaml", text: settingsTemplate(directory) };
  },
});
