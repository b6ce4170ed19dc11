import { BenchError } from "../contract/errors.js";

/** What is looked for; a sentence model is a model repository with ONNX files, a board a published leaderboard. */
export type ReferenceKind = "model" | "sentence-model" | "dataset" | "board";

/** Whether it is in a data set or a Space rather than in a model's repository. */
export const isData = (kind: ReferenceKind): boolean => kind === "dataset" || kind === "board";

/** A repository on the Hub at a revision: a branch, a tag or a commit. */
export interface HubReference {
  kind: ReferenceKind;
  /** The kind of repository on the Hub. */
  type: "model" | "dataset" | "space";
  /** owner/name, or a name alone. */
  name: string;
  revision: string;
  /** As it was written. */
  text: string;
}

const pattern = /^hf:\/\/(datasets\/|spaces\/)?((?:[\w.-]+\/)?[\w.-]+)(?:@([\w./-]+))?$/;

/**
 * Reads `hf://owner/name[@revision]`, `hf://datasets/owner/name[@revision]` or `hf://spaces/owner/name[@revision]`; what is
 * read of a data set may be in a Space, too.
 *
 * @returns undefined for anything that does not begin with hf://, which is a local path.
 * @throws USAGE for a malformed reference, or one of the other kind.
 */
export function parseHubReference(text: string, kind: ReferenceKind): HubReference | undefined {
  if (!text.startsWith("hf://")) return undefined;
  const form = isData(kind) ? "hf://datasets/owner/name[@revision]" : "hf://owner/name[@revision]";
  const match = pattern.exec(text);
  if (match === null) {
    throw new BenchError("USAGE", `"${text}" is no reference to the Hub`, { fix: `Write ${form}.` });
  }
  const [, prefix, name, revision = "main"] = match;
  const type = prefix === undefined ? "model" : prefix === "datasets/" ? "dataset" : "space";
  if (isData(kind) === (type === "model")) {
    const expected = isData(kind) ? "data set" : "model";
    const named = { model: "model", dataset: "data set", space: "Space" }[type];
    throw new BenchError("USAGE", `"${text}" names a ${named}, not a ${expected}`, { fix: `Write ${form}.` });
  }
  return { kind, type, name: name!, revision, text };
}
