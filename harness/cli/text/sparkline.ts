const blocks = [..."▁▂▃▄▅▆▇█"];

/** Values as a row of small bars between their least and their largest; a blank where there is none. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return values
    .map((value) => {
      if (value === null) return " ";
      const share = high - low < 1e-12 ? 0.5 : (value - low) / (high - low);
      return blocks[Math.min(blocks.length - 1, Math.floor(share * blocks.length))];
    })
    .join("");
}
