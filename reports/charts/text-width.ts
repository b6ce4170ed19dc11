import stringWidth from "string-width";

/** The width of a line of text in pixels, estimated from its columns, since there is no browser to ask. */
export function textWidth(text: string, fontSize = 12): number {
  return stringWidth(text) * fontSize * 0.54;
}
