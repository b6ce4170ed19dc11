import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

/** What a template can yield; a list or an object only where it is one expression. */
export type Rendered = string | number | boolean | null | Rendered[] | { [key: string]: Rendered };

/** A value of the interpreter, which gives its classes no public names. */
interface RuntimeValue {
  type: string;
  value: unknown;
  toString(): string;
}

/** The parts of the interpreter that are private there, but decide what is printed. */
interface Inside {
  evaluate(statement: { type: string }, environment: Environment): RuntimeValue;
  evaluateBlock(statements: { type: string }[], environment: Environment): RuntimeValue;
}

/**
 * A Jinja template as lm-evaluation-harness renders it: blocks leave their line breaks, an undefined name is an error,
 * booleans and None are printed as Python does.
 *
 * @throws Error where the template is not understood.
 */
export function lmEvalTemplate(source: string): (row: Readonly<Record<string, unknown>>) => Rendered {
  // one line break at the end of a template is dropped by the tokenizer
  const program = parse(tokenize(source.endsWith("\n") ? `${source}\n` : source, {}));
  const [only, ...more] = program.body as { type: string }[];
  return (row) => {
    const environment = new Environment();
    const known = {
      ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
      ...constants,
    };
    for (const [name, value] of Object.entries(known)) environment.set(name, value);
    const interpreter = new Interpreter(environment) as unknown as Inside;
    const evaluate = interpreter.evaluate.bind(interpreter);
    interpreter.evaluateBlock = (statements, scope) => {
      const text = statements.map((statement) => printed(evaluate(statement, scope), statement)).join("");
      return evaluate({ type: "StringLiteral", value: text } as never, scope);
    };
    if (only !== undefined && more.length === 0 && !silent.has(only.type)) return native(evaluate(only, environment));
    return String(interpreter.evaluateBlock(program.body as { type: string }[], environment).value);
  };
}

/** Jinja's constants, which no column can replace. */
const constants = { true: true, True: true, false: false, False: false, none: null, None: null };

/** Statements that print nothing. */
const silent = new Set(["Set", "Macro", "Comment", "Break", "Continue"]);

function printed(result: RuntimeValue, { type }: { type: string }): string {
  if (silent.has(type)) return "";
  const value = native(result);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return result.toString();
  throw new Error("it prints a list or an object as Python would: join it or take a member");
}

function native(result: RuntimeValue): Rendered {
  const { type, value } = result;
  if (type === "UndefinedValue") throw new Error("it reads a name or a member that the row does not have");
  if (type === "FunctionValue") throw new Error("it prints a function");
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [String(key), native(member as RuntimeValue)]));
  }
  if (Array.isArray(value)) return value.map((member) => native(member as RuntimeValue));
  return type === "NullValue" ? null : (value as Rendered);
}

/** Integers of Parquet are numbers where they are exact. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    throw new Error(`the number ${value} is too large`);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  }
  return value;
}
