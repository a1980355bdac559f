import type { BuildOptions } from 'esbuild';

/** How the sources become files that Node runs: what `dist/` and the tests' linked command have in common. */
export const nodeBundle = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Short names would all shift with each change: the last bundle added 183 kB to a clone, in this way it would have added 5.
  minifyWhitespace: true,
  minifySyntax: true,
  keepNames: true,
  define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
  // CommonJS packages ask for Node's own modules.
  banner: {
    js: "import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);",
  },
} as const satisfies BuildOptions;
