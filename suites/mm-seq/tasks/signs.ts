import { drawText } from "../draw-scenes.js";
import { characters } from "../pictures/glyphs.js";
import { across } from "../pictures/scene.js";
import type { PictureTask } from "./picture-task.js";

/** The sign that is shown, backwards. */
export const signs: PictureTask = {
  id: "signs",
  title: "Reading signs backwards",
  language: "en",
  scorer: { name: "edit-similarity" },
  maxNewTokens: 10,
  trainingSteps: 60,
  draw(stream) {
    const text = Array.from({ length: across - stream.integer(2) }, () => stream.pick(characters));
    return {
      scene: drawText(text.join(""), stream),
      prompt: "Write the sign backwards.\nSign:",
      answer: text.reverse().join(" "),
    };
  },
};
