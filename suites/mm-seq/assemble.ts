import { random } from "../../harness/contract/random.js";
import type { Example, Task } from "../../harness/contract/suite.js";
import { pictureFile } from "./pictures/picture-files.js";
import { type Look, paint } from "./pictures/scene.js";
import type { PictureTask } from "./tasks/picture-task.js";

/** Number of items of each kind in a task. */
export interface Sizes {
  train: number;
  validation: number;
  test: number;
  shifted: number;
}

/** Draws a task's data, each item by its own key; no picture occurs twice. */
export function assemblePictureTask(task: PictureTask, sizes: Sizes, seed: number, directory: string): Task {
  const { draw, choices, ...description } = task;
  const taken = new Set<string>();
  const items = (split: keyof Sizes, look: Look) => {
    const examples: Example[] = [];
    for (let drawn = 0; examples.length < sizes[split]; drawn++) {
      const key = { seed, task: task.id, item: `${split}/${drawn}` };
      const { scene, prompt, answer } = draw(random({ ...key, stream: "picture-question" }));
      const image = pictureFile(paint(scene, look, random({ ...key, stream: "picture" })), directory);
      if (taken.has(image.digest)) continue;
      taken.add(image.digest);
      examples.push({
        id: `${task.id}/${split}/${examples.length}`,
        input: [image, { type: "text", text: `\n${prompt}` }],
        references: [answer],
        ...(choices && { choices }),
      });
    }
    return examples;
  };
  return {
    ...description,
    test: items("test", "familiar"),
    validation: items("validation", "familiar"),
    train: items("train", "familiar"),
    shifted: items("shifted", "shifted"),
  };
}
