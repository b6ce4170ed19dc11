import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { suggestName } from "../../harness/config/suggest-name.js";
import { BenchError } from "../../harness/contract/errors.js";
import { readRegularFile } from "../../harness/contract/files/read-file.js";
import type { Document, Fact } from "../../harness/contract/suite.js";

/** A question as the published files have it. */
export interface PublishedQuestion {
  question: string;
  answers: string[];
  /** Contents (title, line break, text) of the passages that answer it. */
  supports: string[];
  /** Contents of the passages that come with it, those above included. */
  passages: string[];
}

/** The passages of a data set. */
export interface Corpus {
  documents: Document[];
  /** Content (title, line break, text) → id. */
  ids: ReadonlyMap<string, string>;
  /** Passages that were left out since another has their content. */
  repeated: number;
}

type Json = Record<string, unknown>;

/** The name of the data set in a directory: the one that is asked for, or the only one. Throws DATA_INVALID. */
export function findDataset(directory: string, wanted: string | null): string {
  const names = readdirSync(directory)
    .flatMap((name) => /^(.+)_corpus\.json$/.exec(name)?.[1] ?? [])
    .filter((name) => existsSync(join(directory, `${name}.json`)))
    .sort();
  if (wanted === null && names.length === 1) return names[0]!;
  if (wanted !== null && names.includes(wanted)) return wanted;
  const problem =
    wanted !== null ? `no data set "${wanted}"` : names.length === 0 ? "no data set" : `${names.length} data sets`;
  throw new BenchError("DATA_INVALID", `the directory contains ${problem} in HippoRAG's form`, {
    at: { file: directory },
    fix:
      names.length === 0
        ? "Put musique.json and musique_corpus.json there, or the same of another data set."
        : wanted === null
          ? `Name one by the suite's option dataset: ${names.join(", ")}.`
          : suggestName(wanted, names),
  });
}

/** The passages of `<name>_corpus.json`, each content once, with the facts of an `openie_results*.json` if there is one. */
export function readCorpus(directory: string, name: string): Corpus {
  const file = join(directory, `${name}_corpus.json`);
  const facts = readFacts(directory);
  const ids = new Map<string, string>();
  const titles = new Map<string, number>();
  const documents: Document[] = [];
  const rows = listIn(file, readJson(file));
  for (const [index, row] of rows.entries()) {
    const [title, text] = [textOf(file, row, "title", index), textOf(file, row, "text", index)];
    const content = `${title}\n${text}`;
    if (ids.has(content)) continue;
    const count = (titles.get(title) ?? 0) + 1;
    titles.set(title, count);
    const id = count === 1 ? title : `${title} #${count}`;
    ids.set(content, id);
    documents.push({ id, title, text, ...(facts !== undefined && { facts: facts.get(content) ?? [] }) });
  }
  return { documents, ids, repeated: rows.length - documents.length };
}

/** The questions of `<name>.json`: MuSiQue, 2WikiMultihopQA, HotpotQA, or the form of NQ. Throws DATA_INVALID with the place. */
export function readQuestions(directory: string, name: string): PublishedQuestion[] {
  const file = join(directory, `${name}.json`);
  return listIn(file, readJson(file)).map((row, index) => {
    const answers = answersOf(row);
    if (answers.length === 0) throw invalid(file, `item ${index} has no answer`);
    return { question: textOf(file, row, "question", index), answers, ...passagesOf(file, row, index, name) };
  });
}

/** As HippoRAG's `get_gold_docs`: four forms of data sets. */
function passagesOf(
  file: string,
  row: Json,
  index: number,
  name: string,
): Pick<PublishedQuestion, "supports" | "passages"> {
  if (Array.isArray(row.supporting_facts)) {
    const joint = name.startsWith("hotpotqa") ? "" : " ";
    const gold = new Set(row.supporting_facts.map((fact) => (Array.isArray(fact) ? fact[0] : undefined)));
    const context = Array.isArray(row.context) ? row.context : [];
    const passages = context.map((entry) => {
      const [title, sentences] = Array.isArray(entry) ? entry : [];
      if (typeof title !== "string" || !Array.isArray(sentences))
        throw invalid(file, `the context of item ${index} is not a list of titles with sentences`);
      return { content: `${title}\n${sentences.join(joint)}`, gold: gold.has(title) };
    });
    return split(passages);
  }
  const list = row.contexts ?? row.paragraphs;
  if (!Array.isArray(list))
    throw invalid(file, `item ${index} has neither supporting_facts nor contexts nor paragraphs`);
  const passages = (list as Json[]).map((entry) => {
    const text = entry.text ?? entry.paragraph_text;
    if (typeof entry.title !== "string" || typeof text !== "string")
      throw invalid(file, `a passage of item ${index} has no title or no text`);
    const marked = row.contexts === undefined ? entry.is_supporting !== false : entry.is_supporting === true;
    return { content: `${entry.title}\n${text}`, gold: marked };
  });
  return split(passages);
}

const split = (passages: { content: string; gold: boolean }[]) => ({
  supports: passages.flatMap(({ content, gold }) => (gold ? content : [])),
  passages: passages.map(({ content }) => content),
});

function answersOf(row: Json): string[] {
  const lists = [row.answer ?? row.gold_ans ?? row.reference ?? row.obj, row.answer_aliases, row.possible_answers];
  const all = lists.flatMap((list) => (Array.isArray(list) ? list : [list]));
  return [...new Set(all.filter((answer): answer is string => typeof answer === "string" && answer.trim() !== ""))];
}

/** Content → facts; undefined where there is no file of them. What is no fact of three parts is left out, as upstream. */
function readFacts(directory: string): Map<string, Fact[]> | undefined {
  const name = readdirSync(directory)
    .sort()
    .find((file) => /^openie_results.*\.json$/.test(file));
  if (name === undefined) return undefined;
  const file = join(directory, name);
  const { docs } = readJson(file) as { docs?: unknown };
  const isFact = (fact: unknown): fact is Fact =>
    Array.isArray(fact) && fact.length === 3 && fact.every((part) => typeof part === "string");
  return new Map(
    listIn(file, docs).map((row, index) => {
      const triples = row.extracted_triples;
      if (!Array.isArray(triples)) throw invalid(file, `document ${index} has no list extracted_triples`);
      return [textOf(file, row, "passage", index), triples.filter(isFact)];
    }),
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readRegularFile(file).toString("utf8"));
  } catch (error) {
    throw invalid(file, `the file cannot be read as JSON: ${(error as Error).message}`);
  }
}

function listIn(file: string, value: unknown): Json[] {
  const isObject = (entry: unknown) => typeof entry === "object" && entry !== null && !Array.isArray(entry);
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) return value as Json[];
  throw invalid(file, "the file is not a list of objects");
}

function textOf(file: string, row: Json, key: string, index: number): string {
  const value = row[key];
  if (typeof value === "string" && value.trim() !== "") return value;
  throw invalid(file, `entry ${index} has no text "${key}"`);
}

function invalid(file: string, message: string): BenchError {
  return new BenchError("DATA_INVALID", message, {
    at: { file },
    fix: "Use the files that HippoRAG publishes (reproduce/dataset), or the same form.",
  });
}
