import type { Instance } from "../blocks.js";
import type { DropReason } from "./parse.js";

/** What became of all that was drawn: every draw is kept or counted under the reason why not. */
export class Tally {
  drawn = 0;
  /** Draws with the markers in their expected places. */
  parsed = 0;
  readonly dropped: Partial<Record<DropReason, number>> = {};

  drop(reason: DropReason, count = 1): void {
    if (count > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + count;
  }

  /** Takes parsed draws in and returns the instances among them that are new. */
  sift(draws: readonly (Instance | DropReason)[], demonstrations: readonly Instance[]): Instance[] {
    const shown = new Set(demonstrations.map(({ input }) => input.trim()));
    const seen = new Set<string>();
    return draws.filter((draw): draw is Instance => {
      this.drawn++;
      if (typeof draw === "string") {
        this.drop(draw);
        return false;
      }
      this.parsed++;
      if (shown.has(draw.input)) this.drop("copy of a demonstration");
      else if (seen.has(draw.input)) this.drop("duplicate");
      else return Boolean(seen.add(draw.input));
      return false;
    });
  }
}
