/** The directions that a matrix [rows, columns] stretches most: orthonormal rows, the largest singular value first. */
export interface SingularDirections {
  /** [count, rows]. */
  left: Float32Array;
  /** [count, columns]. */
  right: Float32Array;
  /** Singular values, all of them. */
  values: Float64Array;
}

/**
 * The `count` leading singular directions of a matrix given row by row, by one-sided Jacobi rotations in double precision
 * (Hestenes, 1958; Golub & Van Loan, 8.6.3): accurate for small matrices, and cubic in the smaller side.
 */
export function singularDirections(
  matrix: Float32Array | Float64Array,
  [rows, columns]: readonly [number, number],
  count: number,
): SingularDirections {
  const wide = columns > rows;
  const [vectors, width] = wide ? [rows, columns] : [columns, rows];
  // The vectors of the smaller side, each a row of its own, are rotated until they are at right angles.
  const own = Array.from({ length: vectors }, (_, i) =>
    Float64Array.from({ length: width }, (_, j) => matrix[wide ? i * columns + j : j * columns + i]!),
  );
  for (let sweep = 0; sweep < mostSweeps && rotate(own) > tolerance; sweep++);
  const lengths = own.map((vector) => Math.sqrt(dot(vector, vector)));
  const order = own.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const long = new Float32Array(count * width);
  const short = new Float32Array(count * vectors);
  for (const [place, index] of order.slice(0, count).entries()) {
    const unit = own[index]!.map((value) => value / Math.max(lengths[index]!, Number.MIN_VALUE));
    long.set(unit, place * width);
    for (let i = 0; i < vectors; i++) {
      let product = 0;
      for (let j = 0; j < width; j++) product += matrix[wide ? i * columns + j : j * columns + i]! * unit[j]!;
      short[place * vectors + i] = product / Math.max(lengths[index]!, Number.MIN_VALUE);
    }
  }
  const values = Float64Array.from(order, (index) => lengths[index]!);
  return wide ? { left: short, right: long, values } : { left: long, right: short, values };
}

const mostSweeps = 30;
/** Cosine below which two vectors count as at right angles. */
const tolerance = 1e-10;

/** Rotates every pair of vectors to right angles once; the largest cosine that it met. */
function rotate(vectors: Float64Array[]): number {
  let worst = 0;
  for (let p = 0; p < vectors.length; p++) {
    for (let q = p + 1; q < vectors.length; q++) {
      const [a, b] = [vectors[p]!, vectors[q]!];
      const [alpha, beta, gamma] = [dot(a, a), dot(b, b), dot(a, b)];
      const cosine = Math.abs(gamma) / Math.max(Math.sqrt(alpha * beta), Number.MIN_VALUE);
      if (!(cosine > tolerance)) continue;
      worst = Math.max(worst, cosine);
      const zeta = (beta - alpha) / (2 * gamma);
      const tangent = (Math.sign(zeta) || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
      const c = 1 / Math.sqrt(1 + tangent * tangent);
      const s = c * tangent;
      for (let i = 0; i < a.length; i++) {
        const [x, y] = [a[i]!, b[i]!];
        a[i] = c * x - s * y;
        b[i] = s * x + c * y;
      }
    }
  }
  return worst;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
