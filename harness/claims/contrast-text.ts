/** A contrast in a line, such as `replay − 0.5 sequential`. */
export function contrastText(contrast: Readonly<Record<string, number>>): string {
  return Object.entries(contrast)
    .map(([arm, weight], index) => {
      const sign = weight < 0 ? "− " : index === 0 ? "" : "+ ";
      return `${sign}${Math.abs(weight) === 1 ? "" : `${Math.abs(weight)} `}${arm}`;
    })
    .join(" ");
}
