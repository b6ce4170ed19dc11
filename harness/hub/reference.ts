import { BenchError } from "../contract/errors.js";

/** What is looked for; a sentence model is a model repository with ONNX files. */
export type ReferenceKind = "model" | "sentence-model" | "dataset";

/** A repository on the Hub at a revision: a branch, a tag or a commit. */
export interface HubReference {
  kind: ReferenceKind;
  /** The kind of repository on the Hub. */
  type: "model" | "dataset";
  /** owner/name, or a name alone. */
  name: string;
  revision: string;
  /** As it was written. */
  text: string;
}

const pattern = /^hf:\/\/(datasets\/)?((?:[\w.-]+\/)?[\w.-]+)(?:@([\w./-]+))?$/;

/**
 * Reads `hf://owner/name[@revision]` or `hf://datasets/owner/name[@revision]`.
 *
 * @returns undefined for anything that does not begin with hf://, which is a local path.
 * @throws USAGE for a malformed reference, or one of the other kind.
 */
export function parseHubReference(text: string, kind: ReferenceKind): HubReference | undefined {
  if (!text.startsWith("hf://")) return undefined;
  const type = kind === "dataset" ? "dataset" : "model";
  const form = type === "model" ? "hf://owner/name[@revision]" : "hf://datasets/owner/name[@revision]";
  const match = pattern.exec(text);
  if (match === null) {
    throw new BenchError("USAGE", `"${text}" is no reference to the Hub`, { fix: `Write ${form}.` });
  }
  const [, datasets, name, revision = "main"] = match;
  if ((datasets !== undefined) !== (type === "dataset")) {
    throw new BenchError("USAGE", `"${text}" names a ${datasets === undefined ? "model" : "data set"}, not a ${type}`, {
      fix: `Write ${form}.`,
    });
  }
  return { kind, type, name: name!, revision, text };
}
