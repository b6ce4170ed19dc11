import { drawThings } from "../draw-scenes.js";
import { shapes } from "../pictures/scene.js";
import { letters, listed, type PictureTask } from "./picture-task.js";

/** The shape of the one thing that is shown. */
export const recognition: PictureTask = {
  id: "recognition",
  title: "Recognition of shapes",
  language: "en",
  scorer: { name: "choice" },
  choices: letters,
  maxNewTokens: 3,
  trainingSteps: 60,
  draw(stream) {
    const scene = drawThings(1, stream);
    const { shape } = scene.things[0]!;
    return { scene, prompt: `Shape? ${listed(shapes)}\nAnswer:`, answer: letters[shapes.indexOf(shape)]! };
  },
};
