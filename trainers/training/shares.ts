import type { ShareSchedule, Source } from "./strategy.js";

type Share = Source["share"];

const at = (share: Share, end: keyof ShareSchedule): number => (typeof share === "number" ? share : share[end]);

/** What sources leave to others. */
export function shareLeft(sources: readonly Source[]): Share {
  const left = (end: keyof ShareSchedule) => 1 - sources.reduce((sum, { share }) => sum + at(share, end), 0);
  return sources.every(({ share }) => typeof share === "number")
    ? left("from")
    : { from: left("from"), to: left("to") };
}

/** Whether a share is nowhere below 0, and somewhere above it. */
export function isPossible(share: Share): boolean {
  return Math.min(at(share, "from"), at(share, "to")) >= 0 && meanShare(share) > 0;
}

/** The mean share of a task's draws. */
export function meanShare(share: Share): number {
  return typeof share === "number" ? share : (share.from + share.to) / 2;
}

/** share · part / whole. */
export function portion(share: Share, part: number, whole: number): Share {
  const own = (end: keyof ShareSchedule) => (at(share, end) * part) / whole;
  return typeof share === "number" ? own("from") : { from: own("from"), to: own("to") };
}

/** The share's sum over the first `count` of `total` draws; a schedule's is that of its line. */
export function sharesUpTo(share: Share, count: number, total: number): number {
  if (typeof share === "number") return share * count;
  return share.from * count + ((share.to - share.from) * count * count) / (2 * total);
}
