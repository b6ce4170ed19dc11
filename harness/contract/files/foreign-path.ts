import { join } from "node:path";
import { BenchError, type ErrorCode } from "../errors.js";

/** Device names of Windows: a file of that name is the device, in every directory and with any extension. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\\:\u0000-\u001f\u007f]/;

/**
 * The one way from a name that came from elsewhere (a record, a server, a model's index) to a path: below `directory`,
 * whatever the name is.
 *
 * @param name parts separated by `/`, each no longer than 255 bytes and not `.` or `..`; no backslash, colon or control
 *   character, since another system may read them as a separator or a device.
 * @param code of the error: of whoever gave the name.
 * @throws with that code where the name does not stay below the directory.
 */
export function pathInside(directory: string, name: string, code: ErrorCode = "DATA_INVALID"): string {
  const parts = name.split("/");
  const isSafe = name.length <= 1024 && !forbidden.test(name) && parts.every(isOrdinary);
  if (isSafe) return join(directory, ...parts);
  throw new BenchError(code, `${JSON.stringify(name.slice(0, 80))} cannot be a path below ${directory}`, {
    fix: "Do not use these files: a name in them is not one that bench writes. Ask where they come from.",
    at: { file: directory },
  });
}

const isOrdinary = (part: string): boolean =>
  part !== "" &&
  !/^\.{1,2}$/.test(part) &&
  !/[. ]$/.test(part) &&
  Buffer.byteLength(part) <= 255 &&
  !deviceName.test(part);
