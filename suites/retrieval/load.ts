import { BenchError } from "../../harness/contract/errors.js";
import {
  type Document,
  type Example,
  type Suite,
  type SuiteRequest,
  type Task,
  textInput,
} from "../../harness/contract/suite.js";
import { resolveReference } from "../../harness/hub.js";
import { completeSuite } from "../complete-suite.js";
import { readerDirectory } from "../knowledge-seq/generate.js";
import { findDataset, type PublishedQuestion, readCorpus, readQuestions } from "./files.js";

const quickQuestions = 40;

interface RetrievalOptions {
  dataset: string | null;
  segments: number;
  questions: number | null;
}

/** Loads the suite `retrieval`. Throws USAGE, DATA_INVALID where there are too few questions. */
export async function loadRetrieval({ location, options, quick }: SuiteRequest<RetrievalOptions>): Promise<Suite> {
  if (location === undefined) {
    throw new BenchError("USAGE", 'the suite "retrieval" needs the directory of its files', {
      fix: "Give the directory with, for instance, musique.json and musique_corpus.json: bench run retrieval:./dataset.",
    });
  }
  const { directory, revision } = await resolveReference(location, "dataset");
  const name = findDataset(directory, options.dataset);
  const { documents, ids, repeated } = readCorpus(directory, name);
  const most = Math.min(
    options.questions ?? Number.POSITIVE_INFINITY,
    quick ? quickQuestions : Number.POSITIVE_INFINITY,
  );
  const questions = readQuestions(directory, name).slice(0, most);
  if (questions.length < options.segments) {
    throw new BenchError(
      "DATA_INVALID",
      `${questions.length} questions cannot be divided into ${options.segments} segments`,
      {
        at: { file: directory },
        fix: "Ask for fewer segments, or more questions.",
      },
    );
  }
  const absent = questions.filter(({ supports }) => supports.some((content) => !ids.has(content))).length;
  return completeSuite({
    name: "retrieval",
    version: "1",
    title: `${name}: questions on a growing corpus`,
    generated: false,
    tasks: segmentsOf(documents, questions, options.segments, ids),
    defaultModel: readerDirectory,
    ...(revision !== null && { revision }),
    notes: [
      ...(repeated > 0 ? [`${repeated} passages that repeat another word for word were left out`] : []),
      ...(absent > 0
        ? [`${absent} questions have supporting passages that are not in the corpus; recall is of the others`]
        : []),
    ],
  });
}

/** Each segment: some of the questions, the passages that come with them, and its share of the passages of no question. */
function segmentsOf(
  documents: readonly Document[],
  questions: readonly PublishedQuestion[],
  count: number,
  ids: ReadonlyMap<string, string>,
): Task[] {
  const placeOf = (index: number, size: number) => Math.floor((index * count) / size);
  const segment = new Map<string, number>();
  questions.forEach(({ passages, supports }, index) => {
    for (const id of [...supports, ...passages].flatMap((content) => ids.get(content) ?? [])) {
      if (!segment.has(id)) segment.set(id, placeOf(index, questions.length));
    }
  });
  const free = documents.filter(({ id }) => !segment.has(id));
  for (const [index, { id }] of free.entries()) segment.set(id, placeOf(index, free.length));
  return Array.from({ length: count }, (_, place): Task => {
    const own = documents.filter(({ id }) => segment.get(id) === place);
    const test = questions.flatMap((question, index) =>
      placeOf(index, questions.length) === place ? exampleOf(question, index, ids) : [],
    );
    return {
      id: `segment-${place + 1}`,
      title: `Segment ${place + 1} of ${count}`,
      language: "en",
      scorer: { name: "token-f1" },
      alsoScored: { "exact match": { name: "exact-match" } },
      maxNewTokens: 32,
      train: own.map(({ id, title, text }) => ({ id, input: textInput(`Title: ${title}\nText:`), references: [text] })),
      validation: [],
      test,
      corpus: { add: own, change: [], retract: [] },
    };
  });
}

function exampleOf(
  { question, answers, supports }: PublishedQuestion,
  index: number,
  ids: ReadonlyMap<string, string>,
): Example {
  return {
    id: `${index}`,
    input: textInput(`Question: ${question}\nAnswer:`),
    references: answers,
    supports: [...new Set(supports.flatMap((content) => ids.get(content) ?? []))],
  };
}
