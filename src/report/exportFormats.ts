import { entry } from '../records/entry.ts';
import type { Exported, ExportedImage } from './exported.ts';
import { xml } from './xmlText.ts';

/** What `barlow export` writes, by name. `fiftyone` is a folder, the others are a file (Label Studio's with its labelling interface beside it). */
export const exportFormats = ['csv', 'jsonl', 'fiftyone', 'labelstudio'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** A file of an export: what is added to the path that was asked for, and its text. */
export interface ExportedFile {
  /** Empty: the path itself. */
  readonly suffix: string;
  readonly text: string;
}

/** @param addressOf where a tool finds an image, by its name. */
export type AddressOf = (name: string) => string;

/** An export's files. */
export function exportFiles(format: ExportFormat, exported: Exported, addressOf: AddressOf): ExportedFile[] {
  switch (format) {
    case 'csv':
      return [{ suffix: '', text: csvText(exported.images) }];
    case 'jsonl':
      return [{ suffix: '', text: exported.images.map((image) => `${JSON.stringify(row(image))}\n`).join('') }];
    case 'fiftyone':
      return fiftyone(exported, addressOf);
    case 'labelstudio':
      return labelStudio(exported, addressOf);
  }
}

function row({ name, label, before, after, confidence, confidenceBefore, why, checkpoint }: ExportedImage) {
  return { image: name, label, before, after, confidence, confidenceBefore, why, checkpoint };
}

/** RFC 4180, with line feeds. What is not known is an empty field. */
function csvText(images: readonly ExportedImage[]): string {
  const header = ['image', 'label', 'before', 'after', 'confidence', 'confidenceBefore', 'why', 'checkpoint'];
  const rows = images.map((image) => Object.values(row(image)).map((value) => csvCell(value)));
  return [header, ...rows].map((cells) => `${cells.join(',')}\n`).join('');
}

/** What a spreadsheet would take for a formula. */
const formula = /^[=+\-@\t\r]/;

/** Whether a spreadsheet would run a text from data; such a one gets an apostrophe in front. */
export function isFormula(text: string): boolean {
  return formula.test(text);
}

/** A cell of a CSV. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = isFormula(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A `FiftyOneImageClassificationDataset`: `data.json` says where each image is, `labels.json` what it is; before, after and why are
 * attributes of the label. Images have numbers for ids: names may be alike but for their ending, which FiftyOne drops.
 */
function fiftyone({ images }: Exported, addressOf: AddressOf): ExportedFile[] {
  const ids = images.map((_, index) => String(index).padStart(6, '0'));
  // FiftyOne keeps the name `confidence` for that of the label itself.
  const labels = images.map(({ name, label, confidence: confidenceAfter, ...rest }) => ({
    label,
    attributes: Object.fromEntries(
      Object.entries({ image: name, confidenceAfter, ...rest }).filter(([, value]) => value !== null),
    ),
  }));
  const data = Object.fromEntries(images.map(({ name }, index) => [entry(ids, index), addressOf(name)]));
  return [
    { suffix: '/data.json', text: `${JSON.stringify(data, null, 1)}\n` },
    {
      suffix: '/labels.json',
      text: `${JSON.stringify({ labels: Object.fromEntries(ids.map((id, index) => [id, labels[index]])) }, null, 1)}\n`,
    },
  ];
}

/**
 * Label Studio's tasks with predictions: the label as it is, and what the checkpoints take the image for, each as a model of its own;
 * beside it the labelling interface that these predictions are for.
 */
function labelStudio({ images, classes, accepted }: Exported, addressOf: AddressOf): ExportedFile[] {
  const tasks = images.map(({ name, label, before, after, confidence, confidenceBefore, why, checkpoint }) => ({
    data: { image: addressOf(name), name, label, before, after, why },
    predictions: [
      prediction('label of the eval set', label, null),
      ...(before === null ? [] : [prediction(`accepted: ${accepted ?? 'checkpoint'}`, before, confidenceBefore)]),
      ...(after === null ? [] : [prediction(`candidate: ${checkpoint}`, after, confidence)]),
    ],
  }));
  const choices = classes.map((name) => `    <Choice value="${xml(name)}"/>\n`).join('');
  const view = `<View>
  <Image name="image" value="$image"/>
  <Choices name="class" toName="image" choice="single">
${choices}  </Choices>
</View>
`;
  return [
    { suffix: '', text: `${JSON.stringify(tasks, null, 1)}\n` },
    { suffix: '.view.xml', text: view },
  ];
}

function prediction(model: string, choice: string, score: number | null) {
  const result = { id: 'class', from_name: 'class', to_name: 'image', type: 'choices', value: { choices: [choice] } };
  return { model_version: model, ...(score === null ? {} : { score }), result: [result] };
}
