import { drawThings } from "../draw-scenes.js";
import { shapes } from "../pictures/scene.js";
import { answeredByLetter, lettered, type PictureTask } from "./picture-task.js";

/** The shape of the one thing that is shown. */
export const recognition: PictureTask = {
  id: "recognition",
  title: "Recognition of shapes",
  ...answeredByLetter,
  trainingSteps: 60,
  draw(stream) {
    const scene = drawThings(1, stream);
    const { shape } = scene.things[0]!;
    return { scene, ...lettered("Shape?", shapes, shape) };
  },
};
