import { type RandomKey, random } from "../../../harness/contract/random.js";

/** Rounds after which Lloyd's iteration ends where it has not settled. */
const mostRounds = 100;

export interface Clustering {
  /** For each point its cluster. */
  clusterOf: number[];
  /** For each point the squared distance to its cluster's centroid. */
  distances: number[];
}

/**
 * K-means: k-means++ seeding (Arthur & Vassilvitskii, 2007), then Lloyd's iteration until no point moves. At most
 * `clusters`, fewer where there are fewer different points. Points: [dimension] each.
 */
export function kMeans(points: readonly Float32Array[], clusters: number, key: RandomKey): Clustering {
  let centroids = seeds(points, clusters, key);
  let clustering = assign(points, centroids);
  for (let round = 0; round < mostRounds; round++) {
    centroids = centroids.map((centroid, cluster) => meanOf(points, clustering.clusterOf, cluster) ?? centroid);
    const next = assign(points, centroids);
    const settled = next.clusterOf.every((cluster, point) => cluster === clustering.clusterOf[point]);
    clustering = next;
    if (settled) break;
  }
  return clustering;
}

/** Of each cluster the points nearest to its centroid, as many as its share of all points (largest remainders). */
export function nearestByCluster(clusterOf: readonly number[], distances: readonly number[], count: number): number[] {
  const members = new Map<number, number[]>();
  clusterOf.forEach((cluster, index) => void members.set(cluster, [...(members.get(cluster) ?? []), index]));
  const shares = [...members.values()].map((own) => {
    const exact = (count * own.length) / clusterOf.length;
    return { own, take: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  const left = count - shares.reduce((sum, { take }) => sum + take, 0);
  for (const share of [...shares].sort((a, b) => b.remainder - a.remainder).slice(0, left)) share.take++;
  return shares.flatMap(({ own, take }) => own.sort((a, b) => distances[a]! - distances[b]! || a - b).slice(0, take));
}

/** Each next centroid is a point, drawn in proportion to its squared distance to the nearest one so far. */
function seeds(points: readonly Float32Array[], clusters: number, key: RandomKey): Float32Array[] {
  const stream = random(key);
  if (points.length === 0) return [];
  const centroids = [stream.pick(points)];
  const nearest = points.map((point) => squaredDistance(point, centroids[0]!));
  while (centroids.length < clusters) {
    const total = nearest.reduce((sum, distance) => sum + distance, 0);
    if (total === 0) break;
    let rest = stream.uniform() * total;
    let chosen = nearest.findIndex((distance) => distance > 0);
    for (let point = chosen; point < points.length && rest >= 0; point++) {
      if (nearest[point] === 0) continue;
      chosen = point;
      rest -= nearest[point]!;
    }
    centroids.push(points[chosen]!);
    points.forEach((point, index) => {
      nearest[index] = Math.min(nearest[index]!, squaredDistance(point, points[chosen]!));
    });
  }
  return centroids;
}

function assign(points: readonly Float32Array[], centroids: readonly Float32Array[]): Clustering {
  const nearest = points.map((point) => {
    const distances = centroids.map((centroid) => squaredDistance(point, centroid));
    const distance = Math.min(...distances);
    return { distance, cluster: distances.indexOf(distance) };
  });
  return {
    clusterOf: nearest.map(({ cluster }) => cluster),
    distances: nearest.map(({ distance }) => distance),
  };
}

function meanOf(points: readonly Float32Array[], clusterOf: readonly number[], cluster: number) {
  const members = points.filter((_, index) => clusterOf[index] === cluster);
  if (members.length === 0) return undefined;
  return members[0]!.map((_, dimension) => members.reduce((sum, point) => sum + point[dimension]!, 0) / members.length);
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}
