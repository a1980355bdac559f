/**
 * Puts into lib/, file by file, what is used of the packages in `inlined.ts`. `npm run build` runs it after the compiler.
 *
 *     node scripts/inline.ts
 */
import { copyFileSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { inlined } from './inlined.ts';
import { licencesOf } from './licences.ts';

const root = join(import.meta.dirname, '..');
const lib = join(root, 'lib');
const isInlined = (specifier: string) => inlined.some((name) => specifier === name || specifier.startsWith(`${name}/`));

/** The files of our own stay apart, and so do the other packages: only what an inlined package imports goes in with it. */
const onlyInlined: Plugin = {
  name: 'only what is inlined',
  setup: ({ onResolve }) => {
    onResolve({ filter: /./ }, ({ kind, importer, path }) =>
      kind === 'entry-point' || !importer.startsWith(lib) || isInlined(path) ? undefined : { path, external: true },
    );
  },
};

const imports = /(?:from |import\()'([^'.][^']*)'/g;
const files = globSync('**/*.js', { cwd: lib }).filter((file) =>
  [...readFileSync(join(lib, file), 'utf8').matchAll(imports)].some(([, specifier = '']) => isInlined(specifier)),
);
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: files.map((file) => join(lib, file)),
  outdir: lib,
  outbase: lib,
  allowOverwrite: true,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  minifyWhitespace: true,
  minifySyntax: true,
  keepNames: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // Loaded where there is one: a canvas for linkedom.
  external: ['canvas'],
  // CommonJS packages ask for Node's own modules.
  banner: {
    js: "import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);",
  },
  plugins: [onlyInlined],
});

const wasm = '@jsquash/avif/codec/dec/avif_dec.wasm';
const avif = join(lib, 'images', 'codecs', 'avif.js');
const text = readFileSync(avif, 'utf8');
if (!text.includes(wasm)) throw new Error(`${avif} no longer reads ${wasm}: mend scripts/inline.ts`);
writeFileSync(avif, text.replaceAll(wasm, './avif_dec.wasm'));
copyFileSync(join(root, 'node_modules', wasm), join(lib, 'images', 'codecs', 'avif_dec.wasm'));
writeFileSync(join(lib, 'LICENSES.txt'), licencesOf(root, Object.keys(metafile.inputs)));
