import type { RandomStream } from "../../../harness/contract/random.js";
import {
  asRead,
  drawBars,
  drawPair,
  drawText,
  drawThings,
  nameOf,
  phraseOf,
  relationOf,
  relations,
} from "../draw-scenes.js";
import { characters } from "../pictures/glyphs.js";
import { across, type Scene } from "../pictures/scene.js";

/** What the base model learns to say of pictures. None of it is worded as a question of the suite's tasks. */
export interface PretrainingQuestion {
  scene: Scene;
  question: string;
  answer: string;
}

/** Kinds of questions, by the ability that each is of. */
export const abilities: Record<string, (stream: RandomStream) => PretrainingQuestion> = {
  objects(stream) {
    const scene = drawThings(1, stream);
    const thing = scene.things[0]!;
    return { scene, ...stream.pick([ask("What shape is it?", thing.shape), ask("What color is it?", thing.color)]) };
  },
  counts(stream) {
    const count = 1 + stream.integer(6);
    return { scene: drawThings(count, stream), ...ask("How many things are there?", String(count)) };
  },
  text(stream) {
    const text = Array.from({ length: 1 + stream.integer(across) }, () => stream.pick(characters));
    return { scene: drawText(text.join(""), stream), ...ask("What is written?", text.join(" ")) };
  },
  relations(stream) {
    const { scene, first, second } = drawPair(stream);
    const relation = relationOf(first, second);
    const claimed = stream.integer(2) === 0 ? relation : stream.pick(relations);
    const open = ask(`Where is the ${nameOf(first)}, seen from the ${nameOf(second)}?`, relation);
    const closed = ask(
      `Is the ${nameOf(first)} ${phraseOf[claimed]} the ${nameOf(second)}?`,
      claimed === relation ? "yes" : "no",
    );
    return { scene, ...stream.pick([open, open, closed]) };
  },
  charts(stream) {
    const { scene, lowest, highest } = drawBars(stream);
    const { color, height } = stream.pick(scene.bars);
    return {
      scene,
      ...stream.pick([
        ask(`How high is the ${color} bar?`, String(height)),
        ask("Which bar is highest?", highest),
        ask("Which bar is lowest?", lowest),
      ]),
    };
  },
  descriptions(stream) {
    const { scene, first, second } = drawPair(stream);
    const { one, other, relation } = asRead(first, second);
    return { scene, ...ask("What is in the picture?", `${nameOf(one)} ${relation} ${nameOf(other)}`) };
  },
};

const ask = (question: string, answer: string) => ({ question: `Question: ${question}\nAnswer:`, answer });

/** The kinds of questions. */
export const abilityNames: readonly string[] = Object.keys(abilities);
