import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { readConfig } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { count, counted } from '../records/words.ts';
import { type Exported, exportable, exportedOf } from '../report/exported.ts';
import { type ExportFormat, exportFiles, exportFormats, isFormula } from '../report/exportFormats.ts';
import { neededResult } from './lastResult.ts';
import { notInLastRun } from './notInLastRun.ts';
import { refuseExisting } from './refuseExisting.ts';
import type { Request, Said } from './request.ts';

export { type ExportFormat, exportFormats };

/** What of the last run to write, and where. */
export interface ExportRequest {
  /** Id of an event, or name of a watched slice. */
  readonly of: string;
  /** The file, or for FiftyOne the folder. */
  readonly to: string;
  /** Null: by the file's ending. */
  readonly format: ExportFormat | null;
  /** Folder or address of the images, for labelling tools; null: the config's folder, for Label Studio its local files. */
  readonly images: string | null;
  /** Write over what is there. */
  readonly force: boolean;
}

/**
 * Writes the images of an event or a slice of the last run (in `request.out`) for a table or a labelling tool. Needs the run's
 * result.json alone; the config only says where images are, where a tool must know it.
 */
export async function exportImages(request: Request, asked: ExportRequest): Promise<Said> {
  const format = asked.format ?? formatOf(asked.to);
  const { out } = request;
  const result = neededResult(out, '--from');
  const exported = exportedOf(result, asked.of);
  if (exported === null)
    throw notInLastRun(asked.of, exportable(result), { of: 'event or slice', out, flag: '--from' });
  const base = await baseOf(format, asked.images, request.config);
  const files = exportFiles(format, exported, addressIn(format, base)).map(({ suffix, text }) => ({
    path: `${asked.to}${suffix}`,
    text,
  }));
  refuseExisting([asked.to, ...files.map(({ path }) => path)], asked.force);
  for (const { path, text } of files) await writeFileAtomic(path, text);
  return {
    json: {
      of: asked.of,
      format,
      images: exported.images.length,
      leftOut: exported.leftOut,
      files: files.map(({ path }) => path),
    },
    lines: [
      ...linesOf(exported),
      ...(format === 'csv' ? formulaLine(exported) : []),
      ...files.map(({ path }) => `Written: ${path}`),
    ],
    passed: true,
  };
}

function formatOf(path: string): ExportFormat {
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.(jsonl|ndjson)$/i.test(path)) return 'jsonl';
  throw new UserError({
    what: 'the ending does not say in which format to write',
    where: path,
    fix: `Let it end in .csv or .jsonl, or give --format ${exportFormats.join(' | ')}`,
  });
}

/** Where a tool finds the images; null: tables name them as the manifest does. */
async function baseOf(format: ExportFormat, given: string | null, config: string): Promise<string | null> {
  if (format === 'csv' || format === 'jsonl') return null;
  if (given !== null) return isAddress(given) || format === 'labelstudio' ? given : resolve(given);
  if (format === 'labelstudio') return '/data/local-files/?d=';
  const { evalSet } = await readConfig(config);
  if (evalSet.images !== null) return evalSet.images;
  throw new UserError({
    what: 'nothing says where the images are',
    where: config,
    fix: 'Give --images with their folder',
  });
}

/** The address of an image by its name. */
function addressIn(format: ExportFormat, base: string | null): (name: string) => string {
  if (base === null) return (name) => name;
  if (format === 'fiftyone' && !isAddress(base)) return (name) => join(base, name);
  const joint = /[/=]$/.test(base) ? '' : '/';
  return (name) => `${base}${joint}${name.toWellFormed().split('/').map(encodeURIComponent).join('/')}`;
}

function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

function linesOf({ title, images, leftOut }: Exported): string[] {
  const by = new Map<string, number>();
  for (const { why } of images) by.set(why, (by.get(why) ?? 0) + 1);
  const parts = [...by].map(([why, number]) => `${count(number)} ${why}`);
  return [
    `${title}: ${counted(images.length, 'image')}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`,
    ...(leftOut > 0
      ? [
          `${counted(leftOut, 'more image')} of the region or slice are not in result.json, which holds 2,000 of each at most.`,
        ]
      : []),
  ];
}

/** A spreadsheet must not run what a name says, and whoever joins tables must know. */
function formulaLine({ images }: Exported): string[] {
  const cells = images.flatMap(({ name, label, before, after, checkpoint }) => [
    name,
    label,
    before ?? '',
    after ?? '',
    checkpoint,
  ]);
  const changed = cells.filter(isFormula).length;
  return changed === 0
    ? []
    : [
        `${counted(changed, 'cell')} that a spreadsheet would take for a formula ${changed === 1 ? 'begins' : 'begin'} with an apostrophe; JSON Lines has them as they are.`,
      ];
}
