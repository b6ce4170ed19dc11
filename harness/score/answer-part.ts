/** A line that begins a new question, as models write it when they run on after their answer. */
const newQuestion = /^[ \t]*(?:question|frage|q|问题|問題)[ \t]*\d{0,4}[ \t]*[:：]/gimu;

/** The text before the model runs on into a question that it invents; the whole text where nothing precedes the question. */
export function answerPart(text: string): string {
  for (const { index } of text.matchAll(newQuestion)) {
    const part = text.slice(0, index);
    if (part.trim() !== "") return part;
  }
  return text;
}
