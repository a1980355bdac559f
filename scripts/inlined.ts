/**
 * Packages of which lib/ holds what is used, so that nobody installs the rest: encoders, builds for browsers, source maps and
 * packages of their own, ten times as much. For this project they are devDependencies.
 */
export const inlined = [
  '@jsquash/avif',
  '@observablehq/plot',
  'geotiff',
  'handlebars',
  'linkedom',
  'protobufjs',
] as const;
