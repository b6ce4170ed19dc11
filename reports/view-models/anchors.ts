/** A name as the fragment of an address. */
export function anchorOf(name: string): string {
  return name.replace(/[^\p{L}\p{N}_.-]+/gu, "-");
}

/** Where the glossary explains a metric. */
export function metricAnchor(id: string): string {
  return `metric-${anchorOf(id)}`;
}
