/** A question with its answer, as text. */
export interface Instance {
  input: string;
  output: string;
}

export const inputMarker = "Input:";
export const outputMarker = "\nOutput:";
/** A block ends with an empty line. */
export const blockEnd = "\n\n";

/** Demonstrations and question as a list of like blocks, which a base model continues: a block up to its answer. */
export const openBlock = (input: string): string => `${inputMarker} ${input}${outputMarker}`;

export const fullBlock = ({ input, output }: Instance): string => `${openBlock(input)} ${output}${blockEnd}`;
