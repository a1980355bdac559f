import { interpolateInferno } from 'd3-scale-chromatic';

/**
 * The colours of heat, perceptually even, black through red to pale yellow: `inferno` of matplotlib, 256 steps of RGB. Even
 * in lightness too, so that it reads in grey and to the colour-blind.
 */
export const INFERNO: Uint8Array = Uint8Array.from(
  Array.from({ length: 256 }, (_, step) => [...Buffer.from(interpolateInferno(step / 255).slice(1), 'hex')]).flat(),
);
