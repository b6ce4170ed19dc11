/** What is used of jstat, which comes without types. */
declare module "jstat" {
  const jStat: {
    studentt: {
      /** The quantile of Student's t: the x with P(t ≤ x) = p. */
      inv(p: number, degreesOfFreedom: number): number;
      cdf(x: number, degreesOfFreedom: number): number;
    };
    normal: {
      /** The quantile of a normal distribution. */
      inv(p: number, mean: number, standardDeviation: number): number;
      cdf(x: number, mean: number, standardDeviation: number): number;
    };
  };
  export default jStat;
}
