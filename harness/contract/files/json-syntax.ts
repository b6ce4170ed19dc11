/** Where JSON text stops being JSON, and what was expected there. */
export interface SyntaxFault {
  /** Index into the text; its length when it ends too early. */
  offset: number;
  expected: string;
}

const space = /[ \t\n\r]*/y;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** Of objects and lists: each takes a part of the stack. */
const mostLevels = 1000;

/** Finds the first error of a JSON text, since JSON.parse does not always report the position. */
export function findSyntaxError(json: string): SyntaxFault | undefined {
  const scanner = new Scanner(json);
  try {
    scanner.value();
    scanner.skip(space);
    if (scanner.offset < json.length) scanner.fail("the end");
    return undefined;
  } catch (error) {
    if (error instanceof Unexpected) return { offset: scanner.offset, expected: error.expected };
    throw error;
  }
}

class Unexpected extends Error {
  constructor(readonly expected: string) {
    super(expected);
  }
}

class Scanner {
  offset = 0;
  private depth = 0;

  constructor(private readonly json: string) {}

  fail(expected: string): never {
    throw new Unexpected(expected);
  }

  /** Steps over what the sticky pattern matches here; false where it does not. */
  skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    if (!pattern.test(this.json)) return false;
    this.offset = pattern.lastIndex;
    return true;
  }

  /** Whether the character after white space is this one, and steps over it. */
  private at(character: string): boolean {
    this.skip(space);
    if (this.json[this.offset] !== character) return false;
    this.offset += 1;
    return true;
  }

  private text(): void {
    if (!this.at('"')) this.fail('a text in "quotes"');
    while (this.json[this.offset] !== '"') {
      if (this.json[this.offset] === "\\") {
        if (!this.skip(escapeSequence)) this.fail("an escape such as \\n or \\u00e9");
      } else if (this.json.charCodeAt(this.offset) >= 0x20) this.offset += 1;
      else this.fail('the closing quote " of a text (a line break in it is written \\n)');
    }
    this.offset += 1;
  }

  value(): void {
    if (this.at("{")) this.members("}", () => this.member());
    else if (this.at("[")) this.members("]", () => this.value());
    else if (this.json[this.offset] === '"') this.text();
    else if (!this.skip(scalar)) this.fail("a value");
  }

  private member(): void {
    this.text();
    if (!this.at(":")) this.fail("a colon");
    this.value();
  }

  private members(end: string, one: () => void): void {
    if (this.at(end)) return;
    this.depth += 1;
    if (this.depth > mostLevels) this.fail(`at most ${mostLevels} levels`);
    do one();
    while (this.at(","));
    this.depth -= 1;
    if (!this.at(end)) this.fail(`a comma or ${end}`);
  }
}
