import type { Display } from "./display.js";

/** Shows nothing. */
export function silentDisplay(): Display {
  return { show: () => undefined, close: () => undefined };
}
