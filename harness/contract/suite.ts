/** One piece of an input: text, or an image file named by its digest. */
export type Part = { type: "text"; text: string } | { type: "image"; path: string; digest: string };

/** What inputs may be made of. */
export const modalities = ["text", "image"] as const satisfies readonly Part["type"][];
/** A kind of input. */
export type Modality = (typeof modalities)[number];

/** One question with its accepted answers. */
export interface Example {
  /** Unique within the suite. */
  id: string;
  input: Part[];
  /** At least one; a scorer takes the best over them. */
  references: string[];
  /** The closed set of answers of a classification or multiple-choice item. */
  choices?: string[];
  /** What SARI compares an answer with: the text before simplification. */
  source?: string;
  /** Items of one group, such as questions on one text, are not independent: comparisons count groups, not items. */
  group?: string;
  /** Ids of the documents that its answer rests on: learners that find documents are measured by them. */
  supports?: string[];
  /** What the item examines, such as "update" or "locality": scores are also kept by aspect. */
  aspect?: string;
}

/** What a document says: subject, relation, object. */
export type Fact = readonly [subject: string, relation: string, object: string];

/** A text that a learner may remember, by a name of its own. */
export interface Document {
  /** Unique within the suite; a changed document keeps it. */
  id: string;
  title?: string;
  text: string;
  /** The facts that somebody has extracted from it, where a suite comes with them. */
  facts?: Fact[];
}

/** What happens to the documents of a suite when a task is learned. */
export interface CorpusChange {
  /** Documents that no earlier task of the order has left. */
  add: Document[];
  /** New content of documents that are there. */
  change: Document[];
  /** Ids of documents that are there and are to be forgotten. */
  retract: string[];
}

/** A scorer by its registered name, with its options. */
export interface ScorerReference {
  name: string;
  options?: Record<string, unknown>;
}

/** What is known of a task without its data; trainers see this. */
export interface TaskDescription {
  id: string;
  title: string;
  /** BCP 47 language tag, or "code". */
  language: string;
  scorer: ScorerReference;
  /** Further scorers by name: what they make of each answer is kept with it and enters no mean. */
  alsoScored?: Record<string, ScorerReference>;
  /** How a learner is asked: it writes an answer (when absent), or the likelihoods of the choices are compared. */
  mode?: "generate" | "likelihood";
  /** With likelihood: by what each choice's log-likelihood is divided; by nothing when absent. */
  normalizeBy?: "characters" | "bytes";
  /** Most tokens that an answer may take. */
  maxNewTokens: number;
  /** Generation ends before any of these strings. */
  stop?: string[];
  /** Budget that the suite recommends for this task with its own base model: optimizer steps of 16 examples. */
  trainingSteps?: number;
}

export interface Task extends TaskDescription {
  train: Example[];
  validation: Example[];
  test: Example[];
  /** Documents that come with the task; trainers that train weights use the items of `train` instead. */
  corpus?: CorpusChange;
  /** The same task on templates and entities that are absent from training. */
  shifted?: Example[];
}

/** What ability a probe measures. */
export type ProbeKind = "general" | "instruction" | "safety" | "unseen";

/** An ability that is never trained and is measured after every task. */
export interface Probe extends TaskDescription {
  kind: ProbeKind;
  examples: Example[];
}

/** A named sequence of task ids. */
export interface Order {
  name: string;
  tasks: string[];
}

/** Tasks, orders and probes with all their data. */
export interface Suite {
  name: string;
  version: string;
  title: string;
  /** True where the data is generated, so that every page can say so. */
  generated: boolean;
  /** The name of the way in which answers are scored, where the suite offers several. */
  scoring?: string;
  tasks: Task[];
  /** Published orders; further ones are seeded shuffles. */
  orders: Order[];
  probes: Probe[];
  /** Items of general ability that a trainer may rehearse if it declares so; never an item of a probe. */
  generalItems: Example[];
  /** A model reference: a directory, or `hf://owner/name[@revision]`. */
  defaultModel: string;
  /** SHA-256 over everything that determines a score: items, scorers, limits. */
  digest: string;
  /** Where data came from a repository: the commit it was pinned to. */
  revision?: string;
  /** The figures of a paper for the same tasks, shown next to a run's own. No influence on results. */
  published?: PublishedFigures;
  /** Tasks whose limit of an answer was inferred from bytes: a run measures it again in the model's tokens. */
  inferredLimits?: string[];
  /** What was left out while loading, in words, such as rows without an answer. */
  notes?: string[];
  /** Whether `output` answers `input` correctly by the task's rule, where the rule is known. */
  oracle?(taskId: string, input: string, output: string): boolean;
}

/** A table of a paper: rows of methods, scores and differences of scores on 0..1. */
export interface PublishedFigures {
  source: string;
  /** Model, data and what else differs from a run here, in words. */
  setting: string;
  /** Keys of the metrics that the paper prints, in its order of columns. */
  metrics: string[];
  /** The paper's own name of each metric, by key. */
  names: Record<string, string>;
  /** `label`: the label of the trainer that corresponds to the row. A value that the paper lacks is absent. */
  rows: { method: string; label: string; values: Record<string, number> }[];
}

/** A suite before it is loaded: what a plug-in registers. `Options`: the type of its checked options, see `defineSuite`. */
export interface SuiteDefinition<Options = Record<string, unknown>> {
  name: string;
  summary: string;
  /** Where the tasks come from: paper, generator, files. */
  source: string;
  /** True where it is the suite of a run that names none. */
  default?: boolean;
  /** True where it reads a directory or a Hub data set that is named without a suite. */
  readsLocations?: boolean;
  /** JSON schema of `options`. */
  options: Record<string, unknown>;
  /**
   * Loads and checks all data. Throws `BenchError` DATA_INVALID with file, line and fix before anything runs.
   * `location` is what follows the suite's name on the command line: a path or a Hub reference.
   */
  load(request: SuiteRequest<Options>): Promise<Suite>;
  /** A commented settings file to start from, for the data in a directory; absent where a suite reads none. */
  template?(directory: string): Promise<{ file: string; text: string }>;
}

/** What a suite is loaded with. */
export interface SuiteRequest<Options = Record<string, unknown>> {
  location?: string;
  /** Checked against the suite's schema, defaults filled in. */
  options: Options;
  /** The smaller, honest configuration for smoke tests. */
  quick: boolean;
}

/** A suite as pages and tables name it. */
export function suiteLabel({ name, version, scoring }: Pick<Suite, "name" | "version" | "scoring">): string {
  return `${name} ${version}${scoring === undefined ? "" : `, ${scoring} scoring`}`;
}

/** An input as people read it: images are named by their digests. */
export function readableInput(input: readonly Part[]): string {
  return input.map((part) => (part.type === "text" ? part.text : `[image ${part.digest.slice(0, 12)}]`)).join("");
}

/** How many images an input has. */
export function imagesIn(input: readonly Part[]): number {
  return input.reduce((count, { type }) => count + (type === "image" ? 1 : 0), 0);
}

/** An input that is one text. */
export function textInput(text: string): Part[] {
  return [{ type: "text", text }];
}

/** The text of an input; images are left out. */
export function inputText(input: readonly Part[]): string {
  return input.map((part) => (part.type === "text" ? part.text : "")).join("");
}
