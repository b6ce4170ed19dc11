import { BenchError } from "../../harness/contract/errors.js";
import { type Example, textInput } from "../../harness/contract/suite.js";
import { type Document, refused } from "./documents.js";
import type { LmEvalTask } from "./task-config.js";
import { lmEvalTemplate, type Rendered } from "./template.js";

type Values = Document["values"];

/** The prompt, the answers and the choices of a document. */
interface Parts {
  text: string;
  targets: string[];
  choices?: string[];
}

/**
 * Makes the questions of a task from documents, as lm-evaluation-harness does: description, examples with their answers,
 * then the question.
 *
 * @param shots documents that are shown before the question, the first ones that are not the question itself.
 * @throws CONFIG_INVALID for templates that are not understood, DATA_INVALID for rows that they do not fit.
 */
export function exampleMaker(task: LmEvalTask): {
  examples(documents: readonly Document[], split: string, shots: readonly Document[]): Example[];
} {
  const { doc_to_text, doc_to_target, doc_to_choice, description = "", num_fewshot } = task.config;
  const { target_delimiter: delimiter = " ", fewshot_delimiter: between = "\n\n", output_type } = task.config;
  if (doc_to_text === undefined) throw refused(task, [], "it lacks doc_to_text", "Add it: a column or a template.");
  if (doc_to_target === undefined) throw refused(task, [], "it lacks doc_to_target", "Add it: a column or a template.");
  const isChoice = output_type === "multiple_choice";
  if (isChoice && doc_to_choice === undefined)
    throw refused(task, [], "it lacks doc_to_choice", "Add it: a list or a template.");
  if (isChoice && delimiter !== " ") {
    throw refused(
      task,
      ["target_delimiter"],
      "target_delimiter is not one space, which is what precedes an answer here",
      "Leave it out and end prompts without white space.",
    );
  }
  const [textOf, introduction] = [field(task, "doc_to_text", doc_to_text), field(task, "description", description)];
  const targetOf =
    typeof doc_to_target === "number" ? () => doc_to_target : field(task, "doc_to_target", doc_to_target);
  const listed = typeof doc_to_choice === "object" ? Object.values(doc_to_choice) : undefined;
  const choicesOf = typeof doc_to_choice === "string" ? field(task, "doc_to_choice", doc_to_choice) : () => listed!;

  const partsOf = (document: Document): Parts => {
    const { values } = document;
    const text = asText(document, "doc_to_text", textOf(values, document));
    const target = literal(targetOf(values, document), doc_to_choice !== undefined);
    if (doc_to_choice === undefined)
      return { text, targets: [target].flat().map((each) => asText(document, "doc_to_target", each)) };
    const found = literal(choicesOf(values, document), true);
    const options = Array.isArray(found)
      ? found
      : found !== null && typeof found === "object"
        ? Object.values(found)
        : [];
    const choices = options.map((choice) => asText(document, "doc_to_choice", choice));
    const targets = [target]
      .flat()
      .map((each) => (typeof each === "number" ? choices[each] : asText(document, "doc_to_target", each)));
    const lost = targets.findIndex((each) => each === undefined || !choices.includes(each));
    if (lost < 0) return { text, targets: targets as string[], choices };
    throw wrongRow(
      document,
      `its answer ${JSON.stringify([target].flat()[lost])} is none of its ${choices.length} choices`,
    );
  };

  const demonstration = (document: Document): string => {
    const { text, targets } = partsOf(document);
    return `${text}${targets[0] === "" ? "" : `${delimiter}${targets[0]}`}${between}`;
  };
  const rendered = new Map<Document, string>();
  /** The same examples come before every question: each is rendered once, when it is first shown. */
  const shown = (document: Document): string => {
    const text = rendered.get(document) ?? demonstration(document);
    rendered.set(document, text);
    return text;
  };

  return {
    examples: (documents, split, shots) =>
      documents.map((document, index) => {
        const { text, targets, choices } = partsOf(document);
        const others = shots.filter((shot) => shot.values !== document.values).slice(0, num_fewshot ?? 0);
        const before =
          asText(document, "description", introduction(document.values, document)) + others.map(shown).join("");
        const example: Example = {
          id: `${task.config.task}/${split}/${index}`,
          input: textInput(before + text),
          references: targets,
        };
        if (isChoice) example.choices = choices!;
        return example;
      }),
  };
}

type Field = (values: Values, document: Document) => Rendered;

/** A column by its name, or a template. */
function field(task: LmEvalTask, key: string, source: string): Field {
  let render: ReturnType<typeof lmEvalTemplate>;
  try {
    render = lmEvalTemplate(source);
  } catch (error) {
    throw refused(task, [key], `${key} is not understood: ${(error as Error).message}`, "Write it with simpler Jinja.");
  }
  const column = lmEvalTemplate("{{ value }}");
  return (values, document) => {
    try {
      return Object.hasOwn(values, source) ? column({ value: values[source] }) : render(values);
    } catch (error) {
      throw new BenchError(
        "DATA_INVALID",
        `${key} of task "${task.config.task}" cannot be rendered for row ${document.row.number}: ${(error as Error).message}`,
        {
          at: document.row.at,
          fix: `Correct ${key} in ${task.file}, or the row.`,
          cause: error,
        },
      );
    }
  };
}

/** As lm_eval: where there are choices, digits are a number; what looks like a list is one. */
function literal(value: Rendered, hasChoices: boolean): Rendered {
  if (typeof value !== "string") return value;
  if (hasChoices && /^\d+$/.test(value)) return Number(value);
  if (!/^\[.*\]$/s.test(value)) return value;
  try {
    return JSON.parse(value) as Rendered;
  } catch {
    return value;
  }
}

function asText(document: Document, key: string, value: Rendered | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  throw wrongRow(document, `${key} gives ${JSON.stringify(value)}, which is no text`);
}

function wrongRow({ row }: Document, what: string): BenchError {
  return new BenchError("DATA_INVALID", `row ${row.number}: ${what}`, {
    at: row.at,
    fix: "Correct the template or the row.",
  });
}
