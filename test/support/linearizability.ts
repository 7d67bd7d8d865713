/**
 * Judges a history of concurrent operations on one object: whether there is an order of them, each somewhere between its
 * beginning and its end, in which every result is right (Herlihy and Wing 1990; searched as by Wing and Gong 1993).
 */

export interface Operation<Input, Output> {
  readonly input: Input;
  /** Undefined: nobody knows whether it was done; if it was, then at any time after its beginning. */
  readonly output: Output | undefined;
  readonly began: number;
  readonly ended: number;
}

export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The state after the operation, where its output is right in this state. */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Equal for states that are equal. */
  key(state: State): string;
}

export function isLinearizable<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  const seen = new Set<string>();
  const search = (left: readonly number[], state: State): boolean => {
    if (left.every((index) => history[index]!.output === undefined)) return true;
    const id = `${left.join()}|${model.key(state)}`;
    if (seen.has(id)) return false;
    seen.add(id);
    const ends = left.map((index) => history[index]!).filter(({ output }) => output !== undefined);
    const firstEnd = Math.min(...ends.map(({ ended }) => ended));
    for (const index of left) {
      const { input, output, began } = history[index]!;
      // Whatever ended before this began comes first.
      if (began > firstEnd) continue;
      const next = model.step(state, input, output);
      if (
        next !== undefined &&
        search(
          left.filter((other) => other !== index),
          next,
        )
      )
        return true;
    }
    return false;
  };
  return search([...history.keys()], model.initial);
}

/** Records operations as they happen. */
export class History<Input, Output> {
  readonly operations: Operation<Input, Output>[] = [];
  #time = 0;

  /** @param work its output; undefined where nobody knows */
  async record(input: Input, work: () => Promise<Output | undefined>): Promise<void> {
    const began = this.#time++;
    const output = await work();
    this.operations.push({
      input,
      output,
      began,
      ended: output === undefined ? Number.POSITIVE_INFINITY : this.#time++,
    });
  }
}
