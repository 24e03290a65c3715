/**
 * How many messages and bytes, since the store was opened.
 *
 * Not kept in fields: one that outgrows 31 bits costs its object the shape, and with it all code that knows the object.
 */
export class Counts {
  readonly #numbers = new Float64Array(2);

  get messages(): number {
    return this.#numbers[0] as number;
  }

  get bytes(): number {
    return this.#numbers[1] as number;
  }

  add(messages: number, bytes: number): void {
    this.#numbers[0] = this.messages + messages;
    this.#numbers[1] = this.bytes + bytes;
  }
}
