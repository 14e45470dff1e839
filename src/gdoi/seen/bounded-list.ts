/** Rows that a device lists, up to a bound: what it lists beyond costs no memory. */
export class BoundedList<Row> {
  readonly #most: number;
  readonly #rows: Row[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** False: there are as many as are taken, and this one is left out. */
  add(row: Row): boolean {
    if (this.#rows.length >= this.#most) return false;
    this.#rows.push(row);
    return true;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }
}
