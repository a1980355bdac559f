/**
 * The images of a group that the null hypothesis leaves open: those on which exactly one of the N + 1 checkpoints fails, and
 * which one that is. With N accepted checkpoints an image is newly fixed where the candidate alone is right; for N > 1
 * such images are no open ones, and are kept beside them.
 */
export interface OpenImages {
  /** Positions in the group's rows, ascending. */
  readonly positions: Uint32Array;
  /** The checkpoint that fails there: 0 the candidate, 1 to N the accepted ones. Aligned with `positions`. */
  readonly lone: Uint8Array;
  /** N > 1: positions where exactly one checkpoint is right, ascending; empty for N = 1, where they are the open ones. */
  readonly rightPositions: Uint32Array;
  /** The checkpoint that is right there. */
  readonly loneRight: Uint8Array;
  /** N. */
  readonly accepted: number;
}

/** `outcomes[0]` is the candidate's failures, the rest the accepted checkpoints'; all of one length. */
export function openImages(outcomes: readonly Uint8Array[]): OpenImages {
  const accepted = outcomes.length - 1;
  if (accepted < 1) throw new Error('a comparison needs a candidate and an accepted checkpoint');
  const failing = loneOnes(outcomes, 1);
  const right = accepted === 1 ? { positions: new Uint32Array(0), lone: new Uint8Array(0) } : loneOnes(outcomes, 0);
  return { ...failing, rightPositions: right.positions, loneRight: right.lone, accepted };
}

/** Where exactly one checkpoint has the outcome, and which. */
function loneOnes(outcomes: readonly Uint8Array[], outcome: 0 | 1) {
  const positions: number[] = [];
  const lone: number[] = [];
  for (let at = 0; at < outcomes[0].length; at++) {
    let which = -1;
    let count = 0;
    for (let side = 0; side < outcomes.length; side++) {
      if (outcomes[side][at] !== outcome) continue;
      which = side;
      count++;
    }
    if (count !== 1) continue;
    positions.push(at);
    lone.push(which);
  }
  return { positions: Uint32Array.from(positions), lone: Uint8Array.from(lone) };
}
