import type { Display } from "./display.js";
import { plainDisplay } from "./plain.js";

export type { Display } from "./display.js";
export { jsonDisplay } from "./json.js";
export { observedDisplay, type RunObserver } from "./observed.js";
export { plainDisplay } from "./plain.js";
export { silentDisplay } from "./silent.js";

/** The live view on a terminal, plain lines elsewhere and in CI. Color unless NO_COLOR is set (no-color.org). */
export async function chooseDisplay(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Display> {
  if (!stream.isTTY || environment.CI || environment.TERM === "dumb") return plainDisplay(stream);
  const { terminalDisplay } = await import("./terminal.js"); // its packages take 60 ms of CPU to load
  return terminalDisplay(stream, !environment.NO_COLOR);
}
