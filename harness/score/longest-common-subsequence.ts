/**
 * Length of the longest common subsequence of two token sequences.
 * Dynamic programming over one row: O(|a|·|b|) time, O(|b|) memory.
 */
export function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  const codes = new Map<string, number>();
  const encode = (tokens: readonly string[]) =>
    Int32Array.from(tokens, (token) => {
      const known = codes.get(token);
      if (known !== undefined) return known;
      codes.set(token, codes.size);
      return codes.size - 1;
    });
  const left = encode(a);
  const right = encode(b);
  const row = new Int32Array(right.length + 1);
  for (const token of left) {
    let diagonal = 0;
    for (let j = 1; j <= right.length; j++) {
      const above = row[j]!;
      row[j] = right[j - 1] === token ? diagonal + 1 : Math.max(above, row[j - 1]!);
      diagonal = above;
    }
  }
  return row[right.length]!;
}
