/** A map from data to pixels, with the round values worth a tick. */
export interface Scale {
  (value: number): number;
  domain: readonly [number, number];
  /** About `count` ticks at multiples of 1, 2 or 5 times a power of ten, inside the domain. */
  ticks(count: number): number[];
}

/** A linear scale; values outside the domain are clamped to its ends. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain;
  const [start, end] = range;
  const map = (value: number) => {
    const share = high === low ? 0.5 : (Math.min(Math.max(value, low), high) - low) / (high - low);
    return start + share * (end - start);
  };
  return Object.assign(map, { domain, ticks: (count: number) => ticksBetween(low, high, count) });
}

/** The domain from 0 to a round number not below any value. */
export function roundDomain(values: readonly number[], ticks: number): readonly [number, number] {
  const highest = Math.max(...values, 0);
  if (highest === 0) return [0, 1];
  const step = tickStep(highest, ticks);
  return [0, Math.ceil(highest / step - 1e-9) * step];
}

function ticksBetween(low: number, high: number, count: number): number[] {
  if (high <= low) return [low];
  const step = tickStep(high - low, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** The step among 1, 2, 5 × 10^k that cuts `span` into about `count` parts (Heckbert, Graphics Gems I, 1990). */
function tickStep(span: number, count: number): number {
  const rough = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor < 1.5 ? 1 : factor < 3 ? 2 : factor < 7 ? 5 : 10);
}
