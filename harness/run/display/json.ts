import type { Display } from "./display.js";

/** One JSON object a line, for programs. */
export function jsonDisplay(stream: NodeJS.WritableStream): Display {
  return {
    show: (event) => void stream.write(`${JSON.stringify(event)}\n`),
    close: () => undefined,
  };
}
