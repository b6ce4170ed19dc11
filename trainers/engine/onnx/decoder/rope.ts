import type { DecoderConfig } from "../../../model/decoder-config.js";

/** Rotation angles per position, radians, for each of headDimension / 2 frequencies (Llama 3's scaling: Meta's reference code). */
export function ropeFrequencies(config: DecoderConfig): Float64Array {
  const half = config.headDimension / 2;
  const scaling = config.ropeScaling;
  return Float64Array.from({ length: half }, (_, i) => {
    const frequency = config.ropeTheta ** (-i / half);
    if (!scaling) return frequency;
    if (scaling.kind === "linear") return frequency / scaling.factor;
    const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength: context } = scaling;
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < context / high) return frequency;
    if (wavelength > context / low) return frequency / factor;
    const smooth = (context / wavelength - low) / (high - low);
    return (1 - smooth) * (frequency / factor) + smooth * frequency;
  });
}
