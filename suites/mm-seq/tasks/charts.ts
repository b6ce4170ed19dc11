import { drawBars } from "../draw-scenes.js";
import { colors } from "../pictures/scene.js";
import { answeredByLetter, lettered, type PictureTask } from "./picture-task.js";

/** The color of the highest or lowest bar of a chart. */
export const charts: PictureTask = {
  id: "charts",
  title: "Bar charts",
  ...answeredByLetter,
  trainingSteps: 80,
  draw(stream) {
    const { scene, lowest, highest } = drawBars(stream);
    const [asked, color] = stream.integer(2) === 0 ? (["highest", highest] as const) : (["lowest", lowest] as const);
    return { scene, ...lettered(`The ${asked} bar?`, colors, color) };
  },
};
