import type { RandomStream } from "../../../harness/contract/random.js";
import type { TaskDescription } from "../../../harness/contract/suite.js";
import type { Scene } from "../pictures/scene.js";

/** A question on a picture. */
export interface PictureQuestion {
  scene: Scene;
  /** What follows the picture and a line break. */
  prompt: string;
  answer: string;
}

/** A kind of question on pictures. */
export interface PictureTask extends TaskDescription {
  /** The closed set of answers. */
  choices?: string[];
  draw(stream: RandomStream): PictureQuestion;
}

/** The letters of choices, which the tasks share under different meanings. */
const letters = ["A", "B", "C", "D"];

/** What tasks have in common whose answer is a letter. */
export const answeredByLetter = { language: "en", scorer: { name: "choice" }, choices: letters, maxNewTokens: 3 };

/** A question with its options behind letters, `Shape? A. circle B. square`, and the letter of the right one. */
export function lettered<T extends string>(question: string, options: readonly T[], right: T) {
  const listed = options.map((option, index) => `${letters[index]}. ${option}`).join(" ");
  return { prompt: `${question} ${listed}\nAnswer:`, answer: letters[options.indexOf(right)]! };
}
