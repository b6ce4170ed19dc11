import { displayWidth } from "../../harness/contract/display-width.js";

/** Attributes of an element; those that are undefined are left out. */
export type Attributes = Record<string, string | number | undefined>;

/** An SVG element as text. Numbers are rounded to hundredths, so that equal data gives equal text. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(typeof value === "number" ? rounded(value) : value!)}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** A line of text in a chart. */
export function label(content: string, attributes: Attributes): string {
  return element("text", attributes, escapeXml(content));
}

export interface FigureOptions {
  /** Unique on the page: the title and the description are referred to by it. */
  id: string;
  width: number;
  height: number;
  title: string;
  /** What the chart shows, for those who cannot see it. */
  description: string;
  className?: string;
}

/** A chart that a screen reader announces by its title and description. */
export function figure(options: FigureOptions, ...children: string[]): string {
  const { id, width, height, title, description, className } = options;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: className === undefined ? "chart" : `chart ${className}`,
      viewBox: `0 0 ${rounded(width)} ${rounded(height)}`,
      width,
      height,
      role: "img",
      "aria-labelledby": `${id}-title ${id}-description`,
    },
    element("title", { id: `${id}-title` }, escapeXml(title)),
    element("desc", { id: `${id}-description` }, escapeXml(description)),
    ...children,
  );
}

/** A small graphic that repeats a number next to it; screen readers skip it. */
export function decorativeSvg(width: number, height: number, className: string, ...children: string[]): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: className,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "aria-hidden": "true",
    },
    ...children,
  );
}

/** Points joined by straight lines, as the `d` of a path. */
export function linePath(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${rounded(x)} ${rounded(y)}`).join("");
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100 || 0);
}

/** The width of a line of text in pixels, estimated from its columns, since there is no browser to ask. */
export function textWidth(text: string, fontSize = 12): number {
  return displayWidth(text) * fontSize * 0.54;
}
