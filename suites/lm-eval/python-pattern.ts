import { pythonSpace } from "../../harness/score/python-text.js";

const wordCharacters = "\\p{L}\\p{N}_";
const classes: Record<string, string> = { d: "\\p{Nd}", w: wordCharacters, s: pythonSpace };

/**
 * A pattern of Python's `re` on text as a pattern of JavaScript: `\d`, `\w`, `\s`, `.` and `$` mean what they mean there.
 *
 * @throws SyntaxError for what has no equal here: named groups, flags, `\b`, `\A`, `\Z`, and negated classes within a class.
 */
export function pythonPattern(source: string): RegExp {
  let pattern = "";
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const character = source[at]!;
    if (character === "\\") {
      pattern += escaped(source[++at] ?? "", inClass, source);
    } else if (inClass) {
      if (character === "]") inClass = false;
      pattern += character === "[" ? "\\[" : character;
    } else if (character === "[") {
      inClass = true;
      pattern += "[";
      if (source[at + 1] === "^") pattern += source[++at];
      if (source[at + 1] === "]") pattern += `\\${source[++at]}`; // the first one is itself
    } else if (character === "(" && /^\(\?(?![:=!]|<[=!])/.test(source.slice(at, at + 4))) {
      throw unknown(source.slice(at, at + 4), source);
    } else if (character === ".") pattern += "[^\\n]";
    else if (character === "$") pattern += "(?=\\n?(?![\\s\\S]))";
    else if (character === "}" && !/\{\d*,?\d*$/.test(source.slice(0, at))) pattern += "\\}";
    else if (character === "{" && !/^\{\d*,?\d*\}/.test(source.slice(at))) pattern += "\\{";
    else if (character === "]") pattern += "\\]";
    else pattern += character;
  }
  return new RegExp(pattern, "gu");
}

function escaped(character: string, inClass: boolean, source: string): string {
  const members = classes[character.toLowerCase()];
  if (members !== undefined) {
    const negated = character !== character.toLowerCase();
    if (!inClass) return `[${negated ? "^" : ""}${members}]`;
    if (!negated) return members;
  }
  if (/[nrtfv]/.test(character) || (/[1-9]/.test(character) && !inClass)) return `\\${character}`;
  if (/[\^$\\.*+?()[\]{}|/]/.test(character) || (character === "-" && inClass)) return `\\${character}`;
  if (/[A-Za-z0-9]/.test(character) || character === "") throw unknown(`\\${character}`, source);
  return character;
}

const unknown = (what: string, source: string): SyntaxError =>
  new SyntaxError(`"${what}" of the Python pattern ${JSON.stringify(source)} has no equal here`);
