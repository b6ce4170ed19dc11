/**
 * What a prompt asks for: without the lines at its end that are nothing but a label, such as "Answer:", which tell the
 * model where to write.
 */
export function queryOf(prompt: string): string {
  const lines = prompt.split("\n");
  while (lines.length > 1 && /^\s*$|^[^:：]{0,30}[:：]\s*$/u.test(lines.at(-1)!)) lines.pop();
  return lines.join("\n");
}
