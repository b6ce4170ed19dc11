import { asRead, drawPair, nameOf } from "../draw-scenes.js";
import type { PictureTask } from "./picture-task.js";

/** A sentence that says what is where. */
export const captioning: PictureTask = {
  id: "captioning",
  title: "Captions",
  language: "en",
  scorer: { name: "rouge-l" },
  maxNewTokens: 28,
  trainingSteps: 60,
  draw(stream) {
    const { scene, first, second } = drawPair(stream);
    const { one, other, relation } = asRead(first, second);
    return {
      scene,
      prompt: "Write a caption.\nCaption:",
      answer: `The picture shows a ${nameOf(one)} ${relation} a ${nameOf(other)}.`,
    };
  },
};
