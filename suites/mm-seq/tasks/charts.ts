import { drawBars } from "../draw-scenes.js";
import { colors } from "../pictures/scene.js";
import { letters, listed, type PictureTask } from "./picture-task.js";

/** The color of the highest or lowest bar of a chart. */
export const charts: PictureTask = {
  id: "charts",
  title: "Bar charts",
  language: "en",
  scorer: { name: "choice" },
  choices: letters,
  maxNewTokens: 3,
  trainingSteps: 80,
  draw(stream) {
    const scene = drawBars(stream);
    const highest = stream.integer(2) === 0;
    const sorted = [...scene.bars].sort((a, b) => a.height - b.height);
    const { color } = sorted.at(highest ? -1 : 0)!;
    return {
      scene,
      prompt: `The ${highest ? "highest" : "lowest"} bar? ${listed(colors)}\nAnswer:`,
      answer: letters[colors.indexOf(color)]!,
    };
  },
};
