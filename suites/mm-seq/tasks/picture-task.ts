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
export const letters = ["A", "B", "C", "D"];

/** Options behind their letters: `A. circle B. square`. */
export const listed = (options: readonly string[]): string =>
  options.map((option, index) => `${letters[index]}. ${option}`).join(" ");
