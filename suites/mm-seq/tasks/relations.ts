import { drawPair, relations as known, nameOf, relationOf } from "../draw-scenes.js";
import { letters, listed, type PictureTask } from "./picture-task.js";

/** Where one thing is, seen from another. */
export const relations: PictureTask = {
  id: "relations",
  title: "Spatial relations",
  language: "en",
  scorer: { name: "choice" },
  choices: letters,
  maxNewTokens: 3,
  trainingSteps: 80,
  draw(stream) {
    const { scene, first, second } = drawPair(stream);
    return {
      scene,
      prompt: `The ${nameOf(first)} from the ${nameOf(second)}? ${listed(known)}\nAnswer:`,
      answer: letters[known.indexOf(relationOf(first, second))]!,
    };
  },
};
