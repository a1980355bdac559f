/**
 * Reads manifests in size, each in a process of its own: a million rows as CSV and as JSON Lines, 5,000 metadata columns of 2,000
 * images, and 1 GB of JSON Lines of ragged shape: lines of 100 bytes to 2 MB, objects in objects, keys that some lines have. Prints time, CPU and
 * peak resident memory. Exits 1 where the CSV of a million rows takes more than 10 s of CPU or 1 GB, or the ragged file more than 1 GB
 * (CPU, since a busy machine says little by the clock). usage: node bench/tables.ts
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEvalSet } from '../src/evalset/evalSet.ts';

const MAX_SECONDS = 10;
const MAX_MEGABYTES = 1024;
const ROWS_A_WRITE = 100;

interface Measured {
  readonly images: number;
  readonly columns: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

const [asked] = process.argv.slice(2);
if (asked === undefined) measureAll();
else console.log(JSON.stringify(await measured(asked)));

function measureAll(): void {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-tables-'));
  try {
    const name = (row: number) => `folder${row % 1000}/image${String(row).padStart(7, '0')}.jpg`;
    const csv = measure('a million rows, CSV', join(folder, 'rows.csv'), 1_000_000, 'image,label,camera\n', (row) =>
      [name(row), `c${row % 1000}`, `camera ${row % 7}`].join(','),
    );
    measure('a million rows, JSON Lines', join(folder, 'rows.jsonl'), 1_000_000, '', (row) =>
      JSON.stringify({ image: name(row), label: `c${row % 1000}`, camera: row % 7, box: [row, 1, 2, 3] }),
    );
    const columns = Array.from({ length: 5000 }, (_, column) => column);
    const head = `image,label,${columns.map((column) => `m${column}`).join(',')}\n`;
    measure('5,000 metadata columns, CSV', join(folder, 'columns.csv'), 2000, head, (row) =>
      [name(row), `c${row % 10}`, ...columns.map((column) => `v${(row * column) % 13}`)].join(','),
    );
    const ragged = measure('1 GB of ragged JSON Lines', join(folder, 'ragged.jsonl'), 100_000, '', raggedLine);
    const met = csv.cpuSeconds <= MAX_SECONDS && csv.megabytes <= MAX_MEGABYTES;
    console.log(
      `${met ? 'pass  ' : 'MISSED'} a million rows as CSV in ${MAX_SECONDS} s of CPU and ${MAX_MEGABYTES} MB`,
    );
    const streams = ragged.megabytes <= MAX_MEGABYTES;
    console.log(`${streams ? 'pass  ' : 'MISSED'} 1 GB of ragged JSON Lines in ${MAX_MEGABYTES} MB`);
    if (!met || !streams) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** 10 KB a line on average, one in a thousand 2 MB. */
function raggedLine(row: number): string {
  const boxes = row % 1000 === 0 ? 60_000 : row % 7 === 0 ? 1500 : row % 3;
  return JSON.stringify({
    image: `folder${row % 1000}/image${String(row).padStart(7, '0')}.jpg`,
    label: row % 2 === 0 ? row % 1000 : `c${row % 1000}`,
    ...(row % 5 === 0 && { camera: { name: 'ü€😀', lens: [row, [row]] } }),
    ...(row % 4 === 0 && { [`note${row % 40}`]: 'n'.repeat(row % 500) }),
    boxes: Array.from({ length: boxes }, (_, box) => ({ at: [box, row], score: box / 7 })),
  });
}

function measure(what: string, path: string, rows: number, head: string, line: (row: number) => string): Measured {
  const file = openSync(path, 'w');
  writeSync(file, head);
  for (let row = 0; row < rows; row += ROWS_A_WRITE) {
    const lines = Array.from({ length: Math.min(ROWS_A_WRITE, rows - row) }, (_, at) => line(row + at));
    writeSync(file, `${lines.join('\n')}\n`);
  }
  closeSync(file);
  const size = statSync(path).size / 1e6;
  const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${what}: ${stderr}`);
  const found: Measured = JSON.parse(stdout);
  const { images, columns, seconds, cpuSeconds, megabytes } = found;
  console.log(
    `${what.padEnd(28)} ${size.toFixed(0)} MB, ${images} images, ${columns} columns: ${seconds} s, ${cpuSeconds} s of CPU, ${megabytes} MB resident`,
  );
  return found;
}

async function measured(manifest: string): Promise<Measured> {
  const columns = {
    image: 'image',
    label: 'label',
    prediction: 'prediction',
    failed: 'failed',
    confidence: 'confidence',
  };
  const started = performance.now();
  const before = process.cpuUsage();
  const { evalSet } = await readEvalSet({ manifest, images: null, classes: [], columns });
  const { user, system } = process.cpuUsage(before);
  return {
    images: evalSet.images.length,
    columns: evalSet.columns.size,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    cpuSeconds: Math.round((user + system) / 1e5) / 10,
    megabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}
