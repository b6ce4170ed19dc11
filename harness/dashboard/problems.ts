/** What cannot be read while the state of a dashboard is, a sentence each. */
export class Problems {
  readonly texts: string[] = [];

  /**
   * What `read` gives, or `otherwise` where it throws, which is then a problem.
   *
   * @param what could not be read then; undefined where the error says so itself.
   */
  attempt<Value>(what: string | undefined, read: () => Value, otherwise: Value): Value {
    try {
      return read();
    } catch (error) {
      const { message } = error as Error;
      this.texts.push(what === undefined ? message : `${what}: ${message}`);
      return otherwise;
    }
  }
}
