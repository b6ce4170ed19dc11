import type { Fact } from "../../../harness/contract/suite.js";

/** Words that relate what is before them to what is behind them; longer ones first. */
const relations = [
  ...[
    "出生于",
    "成立于",
    "毕业于",
    "工作于",
    "就职于",
    "来自于",
    "的首都是",
    "的老板是",
    "的父亲是",
    "的母亲是",
    "的作者是",
  ],
  ...[
    "住在",
    "位于",
    "属于",
    "喜欢",
    "来自",
    "担任",
    "创立",
    "拥有",
    "写了",
    "发明",
    "娶了",
    "嫁给",
    "の首都は",
    "に住んでいる",
  ],
  ...["是", "在", "有", "は", "が"],
].sort((a, b) => b.length - a.length);

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * Facts of sentences in Chinese and Japanese: subject, word of relation, object, where one of a short list of such words is
 * within the sentence. A sentence without one gives none.
 */
export function unspacedFacts(text: string): Fact[] {
  return text
    .split(/[。！？；!?;\n]/u)
    .filter((sentence) => unspaced.test(sentence))
    .flatMap((sentence): Fact[] => {
      const clause = sentence.trim();
      for (const relation of relations) {
        const at = clause.indexOf(relation, 1);
        if (at < 0 || at + relation.length >= clause.length) continue;
        return [[clause.slice(0, at), relation, clause.slice(at + relation.length)]];
      }
      return [];
    });
}
