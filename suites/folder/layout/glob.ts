/** A path pattern as data set cards use it, `*`, `**`, `?` and `[…]`, as a test of paths with forward slashes. */
export function globToPattern(glob: string): RegExp {
  const parts = glob.replace(/^\.\//, "").matchAll(/\*\*\/|\*\*|\*|\?|\[[^\]]+\]|[^*?[]+|\[/g);
  const source = Array.from(parts, ([part]) => {
    if (part === "**/") return "(?:[^/]+/)*";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (/^\[.+\]$/.test(part)) return part.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return part.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`);
}
