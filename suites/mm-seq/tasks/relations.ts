import { drawPair, relations as known, nameOf, relationOf } from "../draw-scenes.js";
import { answeredByLetter, lettered, type PictureTask } from "./picture-task.js";

/** Where one thing is, seen from another. */
export const relations: PictureTask = {
  id: "relations",
  title: "Spatial relations",
  ...answeredByLetter,
  trainingSteps: 80,
  draw(stream) {
    const { scene, first, second } = drawPair(stream);
    const question = `The ${nameOf(first)} from the ${nameOf(second)}?`;
    return { scene, ...lettered(question, known, relationOf(first, second)) };
  },
};
