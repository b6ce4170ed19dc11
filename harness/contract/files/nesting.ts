/** Levels of objects and lists that a file may have; more than any of ours needs, and far below what exhausts a stack. */
export const deepest = 64;

/** Whether a value has more levels than that; true for one that contains itself. */
export function isTooDeep(value: unknown, left = deepest): boolean {
  if (value === null || typeof value !== "object") return false;
  return left === 0 || Object.values(value).some((member) => isTooDeep(member, left - 1));
}

/** Runs a parser. Where the text is nested so deeply that the stack ends, throws what `tooDeep` makes. */
export function withinStack<T>(parse: () => T, tooDeep: () => Error): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof RangeError ? tooDeep() : error;
  }
}
