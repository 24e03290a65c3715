/**
 * Small messages of a batch side by side, so that many cross into the engine in one call, which costs as much as copying a kilobyte.
 *
 * Each has its numbers, at the places of `given` and behind them how many bytes of body and of properties it has, and those bytes. The memory
 * serves again for the next parcel. Larger messages are better given one by one: a parcel is one more copy. One thread.
 */
import { parcelPlaces } from './addon.js';

const mostMessages = 512;
const mostBytes = 128 * 1024;
/** Where the second copy costs more than the call that it saves. */
const largestBody = 2048;

export class Parcel {
  readonly numbers: Float64Array = new Float64Array(mostMessages * parcelPlaces.count);
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(mostBytes);
  #messages = 0;
  #used = 0;

  get messages(): number {
    return this.#messages;
  }

  /** Where the numbers of the next message go; there is always room for those of one more. */
  get next(): number {
    return this.#messages * parcelPlaces.count;
  }

  /** False for a message that is to be given by itself. */
  takes(body: Uint8Array, properties: string): boolean {
    return body.length <= largestBody && 3 * properties.length <= mostBytes - largestBody;
  }

  /** False: it has to be given to the engine and cleared first. */
  hasRoom(body: Uint8Array, properties: string): boolean {
    return this.#messages + 1 < mostMessages && this.#used + body.length + 3 * properties.length <= mostBytes;
  }

  /** One more, whose numbers are at `next`. */
  add(body: Uint8Array, properties: string): void {
    const at = this.next;
    this.bytes.set(body, this.#used);
    this.#used += body.length;
    this.numbers[at + parcelPlaces.bodyBytes] = body.length;
    const propertyBytes = properties === '' ? 0 : this.bytes.write(properties, this.#used);
    this.#used += propertyBytes;
    this.numbers[at + parcelPlaces.propertiesBytes] = propertyBytes;
    this.#messages++;
  }

  /** The numbers of the next message become those of the first. */
  clear(): void {
    this.numbers.copyWithin(0, this.next, this.next + parcelPlaces.count);
    this.#messages = 0;
    this.#used = 0;
  }
}
