import type { Generation } from "../../../harness/contract/trainer.js";
import { blockEnd, type Instance, inputMarker, outputMarker } from "../blocks.js";

/** Why something drawn is not kept. */
export type DropReason =
  | "malformed"
  | "too long"
  | "copy of a demonstration"
  | "duplicate"
  | "no answer"
  | "not selected";

/** How much of a block the model writes: it stops at the answer's marker, or at the next block's. */
export type Extent = "input" | "block";

/** Where generation ends. */
export const stopOf = (extent: Extent): string => (extent === "input" ? outputMarker : `${blockEnd}${inputMarker}`);

/** The instance in a continuation of "Input:", its output empty when only the input was asked for. */
export function parseInstance({ text, finishReason }: Generation, extent: Extent): Instance | DropReason {
  if (finishReason === "length") return "too long";
  const index = extent === "input" ? text.length : text.indexOf(outputMarker);
  if (index < 0 || (extent === "input" && finishReason !== "stop")) return "malformed";
  const input = text.slice(0, index).trim();
  const output = text.slice(index + outputMarker.length).trim();
  const isOneBlock = ![input, output].some((part) => part.includes(inputMarker) || part.includes(outputMarker));
  if (input === "" || !isOneBlock) return "malformed";
  return extent === "block" && output === "" ? "no answer" : { input, output };
}
