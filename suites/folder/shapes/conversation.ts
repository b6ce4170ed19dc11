import type { Cells, Row } from "./cells.js";

const roles: Record<string, "system" | "user" | "assistant"> = {
  system: "system",
  developer: "system",
  user: "user",
  human: "user",
  assistant: "assistant",
  gpt: "assistant",
  model: "assistant",
  chatgpt: "assistant",
};
/** The columns that conversations are kept in; those of the last are two halves of one. */
export const chats = [["messages"], ["conversations"], ["conversation"], ["prompt", "completion"]];

const names = { system: "System", user: "User", assistant: "Assistant" };

interface Turn {
  role: "system" | "user" | "assistant";
  text: string;
}

/**
 * A chat of `{ role, content }` (OpenAI's `messages`) or `{ from, value }` (ShareGPT's `conversations`): the last message
 * is the answer, what comes before is the prompt. One question stays as it is, behind the system's message; several
 * turns are marked by "User:" and "Assistant:".
 */
export function readConversation(cells: Cells, columns: readonly string[]): Row {
  const messages = columns.flatMap((column) => listOf(cells, column));
  const turns = messages.map((message, index) => readTurn(cells, message, index + 1));
  const answer = turns.pop();
  if (answer?.role !== "assistant") {
    cells.complain("has a conversation that does not end with an answer", "End it with the assistant's message.");
  }
  const asked = turns.filter(({ role }) => role !== "system");
  if (asked.length === 0) cells.complain("has an answer without a question", "Put the user's message before it.");
  const system = turns.filter(({ role }) => role === "system").map(({ text }) => text);
  if (asked.length === 1) {
    return { prompt: [...system, asked[0]!.text].join("\n\n"), references: cells.references("answer", answer.text) };
  }
  cells.count('conversations of several turns, marked by "User:" and "Assistant:"; the last answer is the reference');
  const said = asked.map(({ role, text }) => `${names[role]}: ${text}`);
  return {
    prompt: [...system, ...said, `${names.assistant}:`].join("\n\n"),
    references: cells.references("answer", answer.text),
  };
}

function listOf(cells: Cells, column: string): unknown[] {
  const value = cells.values[column];
  if (Array.isArray(value)) return value;
  return cells.complain(
    `has a "${column}" that is no list of messages`,
    'Write "messages": [ { "role": "user", "content": "…" }, { "role": "assistant", "content": "…" } ].',
  );
}

function readTurn(cells: Cells, message: unknown, number: number): Turn {
  const { role, from, content, value } = (message ?? {}) as Record<string, unknown>;
  const speaker = role ?? from;
  const known = typeof speaker === "string" ? roles[speaker.toLowerCase()] : undefined;
  if (known === undefined) {
    const shown = JSON.stringify(speaker) ?? "none";
    return cells.complain(
      `has a message ${number} whose role is not known: ${shown}`,
      "Use system, user and assistant, or leave such rows out: calls of tools are not read.",
    );
  }
  return { role: known, text: cells.text(`message ${number}`, joinParts(cells, content ?? value ?? null, number)) };
}

/** The text of a content that is a list of parts, as multimodal chats write it. */
function joinParts(cells: Cells, content: unknown, number: number): unknown {
  if (!Array.isArray(content)) return content;
  const parts = content.map((part: unknown) => (part as { type?: unknown; text?: unknown } | null) ?? {});
  const other = parts.find(({ text }) => typeof text !== "string");
  if (other === undefined) return parts.map(({ text }) => text).join("");
  const type = JSON.stringify(other.type) ?? "none";
  return cells.complain(`has a part of type ${type} in message ${number}`, "Leave such rows out: only text is read.");
}
