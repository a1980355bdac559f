/**
 * Blanks a CUDA library's machine code for all GPU architectures but one, so that it packs to a third of its size. The
 * headers stay: the driver takes the entry that fits the GPU and does not look at the others.
 *
 *     node scripts/oneArchitecture.ts LIBRARY ARCHITECTURE OUT      (ARCHITECTURE: compute capability without the point, 90)
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** A fat binary: magic, version (uint16), header length (uint16), length of the entries (uint64). */
const MAGIC = 0xba55ed50;
/** Kinds of an entry: machine code. The other kind, PTX, is compiled for newer GPUs and stays. */
const CUBIN = 2;

const [library, architecture, out] = process.argv.slice(2);
const bytes = readFileSync(library);
const kept = blankOthers(bytes, Number(architecture));
if (kept === 0) {
  console.error(`${library} has no machine code for architecture ${architecture}`);
  process.exit(2);
}
writeFileSync(out, bytes);

/** Blanks in place. @returns how many entries of the architecture there are. */
function blankOthers(bytes: Buffer, architecture: number): number {
  let kept = 0;
  const mark = Buffer.from([MAGIC & 255, (MAGIC >> 8) & 255, (MAGIC >> 16) & 255, MAGIC >>> 24, 1, 0]);
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
    const header = bytes.readUInt16LE(at + 6);
    const end = at + header + Number(bytes.readBigUInt64LE(at + 8));
    if (header !== 16 || end > bytes.length) continue;
    for (let entry = at + header; entry + 32 <= end; ) {
      const [kind, length] = [bytes.readUInt16LE(entry), bytes.readUInt32LE(entry + 4)];
      const next = entry + length + Number(bytes.readBigUInt64LE(entry + 8));
      const mine = bytes.readUInt32LE(entry + 28) === architecture;
      if (kind === CUBIN && mine) kept += 1;
      if (kind === CUBIN && !mine) bytes.fill(0, entry + length, next);
      entry = next;
    }
  }
  return kept;
}
