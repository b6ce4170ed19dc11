/** Factors on the learning rate of the three parts of a vision-language model; 0 freezes a part. */
export interface PartRates {
  tower: number;
  projector: number;
  language: number;
}

/**
 * Published ratios. LLaVA-1.5 (2310.03744) keeps its tower frozen: stage 1 trains the projector alone, stage 2 the
 * projector and the language model at one rate, or, with LoRA, the projector at a tenth of the adapter's (2e-5 against 2e-4).
 */
export const ratePresets = {
  "all-equal": { tower: 1, projector: 1, language: 1 },
  "llava-1.5": { tower: 0, projector: 1, language: 1 },
  "llava-1.5-lora": { tower: 0, projector: 0.1, language: 1 },
  "projector-only": { tower: 0, projector: 1, language: 0 },
} as const satisfies Record<string, PartRates>;

/** The factors as the update takes them: by parts of tensors' names. */
export function componentRatesOf({ tower, projector, language }: PartRates): Record<string, number> {
  return { "model.": language, lm_head: language, "vision_tower.": tower, "multi_modal_projector.": projector };
}
