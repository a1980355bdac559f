import { BadImage } from '../imageHeader.ts';

/** Reads the entropy-coded bits of a JPEG scan (ITU T.81, F.2.2.5), stuffed zero bytes left out. State: a position. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #window = 0;
  #held = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next `count` bits (at most 16) without taking them; ones past the end of the data. */
  peek(count: number): number {
    while (this.#held < count) {
      const byte = this.#nextByte();
      this.#window = ((this.#window << 8) | byte) & 0xffffff;
      this.#held += 8;
    }
    return (this.#window >>> (this.#held - count)) & ((1 << count) - 1);
  }

  take(count: number): number {
    const bits = this.peek(count);
    this.#held -= count;
    return bits;
  }

  /** Goes past the rest of this byte and the restart marker after it. */
  restart(): void {
    this.#window = 0;
    this.#held = 0;
    const marker = this.#bytes[this.#at + 1];
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw new BadImage('has corrupt JPEG data');
    this.#at += 2;
  }

  #nextByte(): number {
    if (this.#at >= this.#bytes.length) throw new BadImage('is truncated');
    const byte = this.#bytes[this.#at];
    if (byte !== 0xff) {
      this.#at += 1;
      return byte;
    }
    if (this.#bytes[this.#at + 1] !== 0) return 0xff; // a marker: the data ends in padding, looked at but never taken
    this.#at += 2;
    return 0xff;
  }
}

/** Writes entropy-coded bits, zero bytes stuffed in. State: the bytes so far. */
export class BitWriter {
  readonly bytes: number[] = [];
  #window = 0;
  #held = 0;

  /** @param count at most 16. */
  put(bits: number, count: number): void {
    this.#window = (this.#window << count) | bits;
    this.#held += count;
    for (; this.#held >= 8; this.#held -= 8) this.#byte((this.#window >>> (this.#held - 8)) & 0xff);
    this.#window &= (1 << this.#held) - 1;
  }

  /** Fills the last byte with ones. */
  pad(): void {
    if (this.#held > 0) this.put((1 << (8 - this.#held)) - 1, 8 - this.#held);
  }

  #byte(value: number): void {
    this.bytes.push(value);
    if (value === 0xff) this.bytes.push(0);
  }
}
