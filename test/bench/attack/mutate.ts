import { digestOf } from "../../../harness/contract/digest.js";
import type { RandomStream } from "../../../harness/contract/random.js";

/** Texts that parsers, paths, terminals and property look-ups stumble over. */
const words = [
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"],
  ...["NaN", "Infinity", "-1", "1e999", "-0", "9007199254740993", "1e-400", "0x10", "null", "true", "[]", "{}", '""'],
  ...["&a [*a]", "*a", "<<: *a", "!!js/function", "---\n", "? ", "- - - -", ": ", "\t", "\n", "\r\n", ",", ";"],
  ...[
    "../../x",
    "/etc/passwd",
    "C:\\x",
    "a\\b",
    "\u0000",
    "\u001b[31m",
    "\u202e",
    "\ufeff",
    "\ud800",
    "=cmd()",
    "<script>",
  ],
  ...["[".repeat(20_000), "{".repeat(3000), '{"a":'.repeat(5000), "a: ".repeat(2000), "x".repeat(100_000)],
] as const;

const values: readonly unknown[] = [
  ...[null, true, false, -1, 0, 1, 0.5, 7.5, -5, 1e308, -1e308, 1e15, 2 ** 53, "", "x", "0", [], {}, [[]], [null]],
  ...words.slice(0, 5),
  ...["../../x", "\u0000", "\u001b[31m", "\u202e", "=cmd()", "<script>", "x".repeat(10_000)],
  nested(200),
  nested(1000),
];

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

/** A few changes of bytes: one replaced, a range left out, written twice or moved, an end cut off, a word put in. */
export function mutateBytes(bytes: Buffer, draw: RandomStream): Buffer {
  let changed = bytes;
  for (let left = 1 + draw.integer(3); left > 0; left--) changed = changeOnce(changed, draw);
  return changed;
}

function changeOnce(bytes: Buffer, draw: RandomStream): Buffer {
  const at = draw.integer(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + draw.integer(draw.pick([1, 8, 200])));
  const [before, range, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (draw.integer(7)) {
    case 0:
      return Buffer.concat([before, Buffer.from([draw.integer(256)]), bytes.subarray(Math.min(at + 1, bytes.length))]);
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, range, range, after]);
    case 3:
      return Buffer.concat([before, after, range]);
    case 4:
      return before;
    case 5:
      return Buffer.concat([
        before,
        Buffer.from(String(draw.integer(10))),
        bytes.subarray(Math.min(at + 1, bytes.length)),
      ]);
    default:
      return Buffer.concat([before, Buffer.from(draw.pick(words)), draw.integer(2) === 0 ? after : range]);
  }
}

/** A few changes of a JSON value: members replaced, left out, added, renamed or written twice. Returns a copy. */
export function mutateJson(value: unknown, draw: RandomStream): unknown {
  const root = { value: structuredClone(value) };
  for (let left = 1 + draw.integer(2); left > 0; left--) {
    const places = placesIn(root);
    const { holder, key } = draw.pick(places);
    const strange = draw.pick(values);
    switch (draw.integer(5)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else if (holder !== root) delete holder[key];
        break;
      case 1:
        if (Array.isArray(holder)) holder.push(holder[Number(key)]);
        else holder[draw.pick(words.slice(0, 5))] = holder[key];
        break;
      case 2:
        if (holder === root || Array.isArray(holder)) break;
        Object.defineProperty(holder, "__proto__", {
          value: strange,
          enumerable: true,
          configurable: true,
          writable: true,
        });
        break;
      default:
        (holder as Record<string, unknown>)[key] = typeof strange === "object" ? structuredClone(strange) : strange;
    }
  }
  return root.value;
}

/** The text of a log of which one event was changed, under a checksum of its own. */
export function forgedLog(text: string, draw: RandomStream): string {
  const lines = text.split("\n").filter(Boolean);
  const index = draw.integer(lines.length);
  const event = mutateJson(JSON.parse(lines[index]!).event, draw);
  const checksum = digestOf({ sequence: index, event }).slice(0, 16);
  lines[index] = JSON.stringify({ sequence: index, checksum, event });
  return `${lines.join("\n")}\n`;
}

interface Place {
  holder: Record<string, unknown> | unknown[];
  key: string;
}

function placesIn(root: object): Place[] {
  const places: Place[] = [];
  const open: object[] = [root];
  for (let holder = open.pop(); holder !== undefined && places.length < 20_000; holder = open.pop()) {
    for (const key of Object.keys(holder)) {
      places.push({ holder: holder as Place["holder"], key });
      const member = (holder as Record<string, unknown>)[key];
      if (member !== null && typeof member === "object") open.push(member);
    }
  }
  return places;
}
