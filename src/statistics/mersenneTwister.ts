/** Words of MT19937's state, made and used up a state at a time. */
export const STATE_WORDS = 624;
const MIDDLE = 397;

/** The state of MT19937 after `init_genrand(seed)` (Matsumoto and Nishimura, 1998), as NumPy's `RandomState(seed)` starts. */
export function seedState(seed: number): Int32Array {
  const state = new Int32Array(STATE_WORDS);
  state[0] = seed;
  for (let i = 1; i < STATE_WORDS; i++) {
    const previous = state[i - 1];
    state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  return state;
}

/** Moves a state on by its 624 words, still untempered: whoever skips a word need not temper it. */
export function twist(state: Int32Array): void {
  const apart = STATE_WORDS - MIDDLE;
  for (let i = 0; i < apart; i++) state[i] = state[i + MIDDLE] ^ mixed(state[i], state[i + 1]);
  for (let i = apart; i < STATE_WORDS - 1; i++) state[i] = state[i - apart] ^ mixed(state[i], state[i + 1]);
  state[STATE_WORDS - 1] = state[MIDDLE - 1] ^ mixed(state[STATE_WORDS - 1], state[0]);
}

function mixed(upper: number, lower: number): number {
  const word = (upper & 0x80000000) | (lower & 0x7fffffff);
  return (word >>> 1) ^ (-(lower & 1) & 0x9908b0df);
}

/** The random word, as a signed integer, of a word of the state. */
export function temper(word: number): number {
  let random = word ^ (word >>> 11);
  random ^= (random << 7) & 0x9d2c5680;
  random ^= (random << 15) & 0xefc60000;
  return random ^ (random >>> 18);
}
