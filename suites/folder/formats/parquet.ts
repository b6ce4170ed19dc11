import type { FileMetaData } from "hyparquet";
import { BenchError } from "../../../harness/contract/errors.js";
import type { FileRow } from "./row.js";
import { invalid } from "./source.js";

/**
 * The rows of a Parquet file, one row group in memory at a time. Columns that the `datasets` library declared as class
 * labels give the names of the classes.
 *
 * @throws DATA_INVALID for a file that is no Parquet, is damaged, or is encrypted.
 */
export async function* readParquet(file: string): AsyncGenerator<FileRow> {
  // on demand, since every command and worker loads the suites
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const classes = classLabels(metadata);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({ file: buffer, metadata, compressors, rowStart, rowEnd });
      for (const [index, row] of rows.entries()) {
        yield { value: withClassNames(row, classes), number: rowStart + index + 1, at: { file } };
      }
      rowStart = rowEnd;
    }
  } catch (error) {
    if (error instanceof BenchError) throw error;
    const message = `the file cannot be read as Parquet: ${(error as Error).message}`;
    throw invalid({ file }, message, "Copy or download it again, or write the rows as JSON Lines or CSV.");
  }
}

/** Names of the classes by column, as the `datasets` library keeps them in the file's metadata. */
function classLabels(metadata: FileMetaData): Map<string, string[]> {
  const entry = metadata.key_value_metadata?.find(({ key }) => key === "huggingface");
  const found = new Map<string, string[]>();
  if (entry?.value === undefined) return found;
  let features: Record<string, { _type?: string; names?: unknown }>;
  try {
    features = JSON.parse(entry.value).info?.features ?? {};
  } catch {
    return found;
  }
  for (const [column, feature] of Object.entries(features)) {
    const { _type, names } = feature ?? {};
    if (_type === "ClassLabel" && Array.isArray(names) && names.every((name) => typeof name === "string")) {
      found.set(column, names);
    }
  }
  return found;
}

function withClassNames(row: Record<string, unknown>, classes: Map<string, string[]>): Record<string, unknown> {
  for (const [column, names] of classes) {
    const name = names[Number(row[column])];
    if (name !== undefined && row[column] !== null) row[column] = name;
  }
  return row;
}
