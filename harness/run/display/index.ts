import type { Display } from "./display.js";
import { plainDisplay } from "./plain.js";
import { terminalDisplay } from "./terminal.js";

export type { Display } from "./display.js";
export { jsonDisplay } from "./json.js";
export { observedDisplay, type RunObserver } from "./observed.js";
export { plainDisplay } from "./plain.js";
export { silentDisplay } from "./silent.js";
export { terminalDisplay } from "./terminal.js";

/** The live view on a terminal, plain lines elsewhere and in CI. Color unless NO_COLOR is set (no-color.org). */
export function chooseDisplay(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv = process.env): Display {
  const live = stream.isTTY && !environment.CI && environment.TERM !== "dumb";
  return live ? terminalDisplay(stream, !environment.NO_COLOR) : plainDisplay(stream);
}
