import type { Architecture } from "../../model/architecture.js";
import type { VisionConfig } from "../../model/vision/vision-config.js";
import type { OwnImages } from "./pictures.js";

/** What the child says of a model that it opened. */
export interface OpenedModel {
  model: number;
  architecture: string;
  parameters: number;
  contextLength: number;
  vocabulary: number;
  hidden: number;
  heads: number;
  layers: number;
  /** How its own processor writes an image; null where it takes none, or where the caller preprocesses them. */
  images: OwnImages | null;
}

/** What is known of a model before it is opened. */
export interface TorchModelOptions {
  /** What was opened, where that is not the directory alone. */
  location?: string;
  /** Those whose adapters a format opens. */
  architectures?: readonly Architecture[];
  /** Whether the child answers requests that come while others are under way together with them. */
  joins?: boolean;
  /** How a LLaVA model sees; its images are preprocessed here, as for the embedded engine. */
  vision?: VisionConfig | undefined;
}
