/**
 * Builds dist/: the action with everything it needs, to run on a bare runner with no install. Native engines stay out; they are
 * found where the user has them. The same sources give the same bytes.
 *
 *     node scripts/bundle.ts [FOLDER] [ENTRY]
 */
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { build, type Metafile, type Plugin, transform } from 'esbuild';
import { licencesOf } from './licences.ts';
import { nodeBundle } from './nodeBundle.ts';

const root = join(import.meta.dirname, '..');
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const entry = process.argv[3] ?? 'src/forge/action.ts';
const modules = join(root, 'node_modules');

/** What worker threads run: modules that name themselves by their address, each an entry of its own in dist/. */
const selfNamed = 'url: import.meta.url';
const workers = globSync('src/**/*.ts', { cwd: root })
  .filter((file) => readFileSync(join(root, file), 'utf8').includes(selfNamed))
  .toSorted();

/** What this project reads itself: packed, a quarter of its size, and unpacked in milliseconds where it is used. */
const packed = [
  ...['@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm', '@jsquash/png/codec/pkg/squoosh_png_bg.wasm'],
  '@jsquash/avif/codec/dec/avif_dec.wasm',
  ...['@jsquash/webp/codec/dec/webp_dec.wasm', '@jsquash/webp/codec/enc/webp_enc_simd.wasm'],
  'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
];

/** Files that packages read beside their own code. */
const beside = [
  'onnxruntime-web/dist/ort-wasm-simd-threaded.mjs',
  // Node runs no threads of it, and wasm with SIMD on any 64-bit machine since 2009.
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
];

/** A worker module's code ends up in a chunk that others share; its address must be that of its entry. */
const addressWorkers: Plugin = {
  name: 'address workers',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes(selfNamed)) return undefined;
      const entry = `./${basename(path, '.ts')}.js`;
      const contents = text.replace(selfNamed, `url: new URL('${entry}', import.meta.url).href`);
      return { contents, loader: 'ts' };
    });
  },
};

/** Without `node_modules` a file of a package is one beside the code. */
const readBeside: Plugin = {
  name: 'read files of packages from dist',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/]images[\\/]codecs[\\/]wasmFile\.ts$/ }, () => ({
      contents: `import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
export function readWasmFile(specifier) {
  const file = specifier.slice(specifier.lastIndexOf('/') + 1) + '.br';
  return new Uint8Array(brotliDecompressSync(readFileSync(new URL(file, import.meta.url))));
}`,
    }));
  },
};

const ownRuntime = "return import('onnxruntime-web');";
const unpackWasm: Plugin = {
  name: 'unpack the wasm of onnxruntime-web',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/]models[\\/]onnx[\\/]wasmRuntime\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes(ownRuntime)) throw new Error(`${path} loads its package otherwise: mend the bundle`);
      const unpacked = `const { readFileSync } = await import('node:fs');
  const { brotliDecompressSync } = await import('node:zlib');
  const runtime = await import('onnxruntime-web');
  const packed = readFileSync(new URL('ort-wasm-simd-threaded.wasm.br', import.meta.url));
  runtime.env.wasm.wasmBinary = new Uint8Array(brotliDecompressSync(packed)).buffer;
  return runtime;`;
      return { contents: text.replace(ownRuntime, unpacked), loader: 'ts' };
    });
  },
};

/** Code that packages load and an action never runs: a fetch for a Node without one, and what lists and downloads artifacts. */
const leaveOut: Plugin = {
  name: 'leave out what never runs',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]node_modules[\\/]node-fetch[\\/]lib[\\/]/ }, () => ({
      contents: 'module.exports = fetch;',
    }));
    onLoad({ filter: /[\\/]node_modules[\\/]unzip-stream[\\/]/ }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: /[\\/]blobListArrowParser\.js$/ }, () => ({
      contents: "export function parseBlobListArrowResponse() { throw new Error('lists from Arrow are left out'); }",
    }));
  },
};

/** Packages with short names file by file, which stay as they are until the package changes. */
const shortenPackages: Plugin = {
  name: 'shorten packages file by file',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const { code } = await transform(text, {
        minify: true,
        keepNames: true,
        target: 'node24',
        legalComments: 'none',
      });
      return { contents: code, loader: 'js' };
    });
  },
};

const ownPlace = 'createRequire(import.meta.url)';

/** An action is no package of the project it runs for: "beside this one" is the workspace. */
const lookInWorkspace: Plugin = {
  name: 'look for engines in the workspace',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/]models[\\/]engines[\\/]installedPackage\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes(ownPlace)) throw new Error(`${path} no longer looks beside itself: mend the bundle`);
      return { contents: text.replace(ownPlace, "createRequire(join(process.cwd(), 'index.js'))"), loader: 'ts' };
    });
  },
};

const packedFiles = packed.map((file) => ({ name: `${basename(file)}.br`, bytes: pack(file) }));
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    entry,
    ...workers,
    // Piscina starts its threads from the file of that name beside its own.
    'node_modules/piscina/dist/worker.js',
  ].map((file) => ({ in: file, out: basename(file).replace(/\.[jt]s$/, '') })),
  outdir: dist,
  // Flat: what lies beside src/ (templates, schemas, package.json) lies beside dist/ too.
  chunkNames: 'chunk-[hash]',
  ...nodeBundle,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // Loaded where there are any: thread priorities, a canvas for linkedom. Native engines are looked up by name.
  external: ['@napi-rs/nice', 'canvas'],
  plugins: [readBeside, unpackWasm, lookInWorkspace, addressWorkers, leaveOut, shortenPackages],
});
nameChunks(metafile.outputs);
for (const { name, bytes } of packedFiles) writeFileSync(join(dist, name), bytes);
for (const file of beside) copyFileSync(join(modules, file), join(dist, basename(file)));
writeFileSync(
  join(dist, 'LICENSES.txt'),
  licencesOf(root, [...Object.keys(metafile.inputs), 'node_modules/onnxruntime-web/package.json']),
);

/** Packed anew only where what is committed is not the same file, packed: that takes longer than all the rest. */
function pack(file: string): Buffer {
  const plain = readFileSync(join(modules, file));
  const committed = join(root, 'dist', `${basename(file)}.br`);
  const bytes = existsSync(committed) ? readFileSync(committed) : Buffer.alloc(0);
  if (isPacked(bytes, plain)) return bytes;
  const { BROTLI_PARAM_LGWIN: window, BROTLI_PARAM_QUALITY: quality } = constants;
  return brotliCompressSync(plain, { params: { [window]: 24, [quality]: 9 } });
}

function isPacked(bytes: Buffer, plain: Buffer): boolean {
  try {
    return brotliDecompressSync(bytes).equals(plain);
  } catch {
    return false;
  }
}

/**
 * esbuild names a chunk by its content, and so again whatever imports it. Named by its largest module it stays the same file,
 * and git stores what changed in it.
 */
function nameChunks(outputs: Metafile['outputs']): void {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const [path, { inputs }] of Object.entries(outputs)) {
    const hashed = basename(path);
    if (!/^chunk-[A-Z0-9]{8}\.js$/.test(hashed)) continue;
    const [largest] = Object.entries(inputs).toSorted(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput);
    const stem = basename(largest?.[0] ?? 'shared').replace(/\.[cm]?[jt]s$/, '');
    let name = `chunk-${stem}.js`;
    for (let i = 2; taken.has(name); i++) name = `chunk-${stem}-${i}.js`;
    taken.add(name);
    names.set(hashed, name);
  }
  for (const path of Object.keys(outputs)) {
    const text = readFileSync(join(root, path), 'utf8');
    rmSync(join(root, path));
    const renamed = text.replace(/chunk-[A-Z0-9]{8}\.js/g, (hashed) => names.get(hashed) ?? hashed);
    writeFileSync(join(dist, names.get(basename(path)) ?? basename(path)), renamed);
  }
}
