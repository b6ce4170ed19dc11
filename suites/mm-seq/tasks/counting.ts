import { drawThings } from "../draw-scenes.js";
import type { PictureTask } from "./picture-task.js";

const words = ["one", "two", "three", "four", "five"];

/** How many things are shown, in words. */
export const counting: PictureTask = {
  id: "counting",
  title: "Counting in words",
  language: "en",
  scorer: { name: "exact-match" },
  maxNewTokens: 6,
  trainingSteps: 60,
  draw(stream) {
    const count = 1 + stream.integer(words.length);
    return { scene: drawThings(count, stream), prompt: "Number of things in words:", answer: words[count - 1]! };
  },
};
