/** Buffers in shared memory that are used again instead of left to the collectors. */
export interface SharedBuffers {
  /** A buffer of at least `bytes` bytes, whatever it holds. */
  readonly take: (bytes: number) => SharedArrayBuffer;
  /** Takes back a buffer that no thread uses any more. */
  readonly giveBack: (buffer: SharedArrayBuffer) => void;
}

/**
 * Opens a set of buffers, never more than were taken at one time. Shared memory is freed only once every thread that
 * saw it has collected its garbage, which an idle worker may put off for good.
 */
export function sharedBuffers(): SharedBuffers {
  const free: SharedArrayBuffer[] = [];
  return {
    take: (bytes) => {
      const fitting = free.findIndex(({ byteLength }) => byteLength >= bytes);
      const [found] = fitting < 0 ? [] : free.splice(fitting, 1);
      if (found !== undefined) return found;
      // The largest is the nearest to its end: a larger one takes its place.
      free.pop();
      return new SharedArrayBuffer(bytes);
    },
    giveBack: (buffer) => {
      free.push(buffer);
      free.sort((a, b) => a.byteLength - b.byteLength);
    },
  };
}
