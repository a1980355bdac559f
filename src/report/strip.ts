import { groupOfId } from '../records/groupKinds.ts';
import { nameText, oneLine } from '../records/names.ts';
import type { FeaturePictures, LabelledPicture } from './pictures.ts';

/** A row of pictures under a title. */
export interface Strip {
  readonly title: string;
  readonly pictures: readonly ShownPicture[];
}

interface ShownPicture extends LabelledPicture {
  readonly alt: string;
  readonly caption: string | null;
  /** Its name, what it is, and what it was and is taken for, fit to show. */
  readonly name: string;
  readonly is: string | null;
  readonly before: string | null;
  readonly now: string | null;
  readonly sure: string | null;
  readonly id: string | null;
  readonly alike: readonly string[];
  /** Too small to be smoothed when enlarged. */
  readonly tiny: boolean;
}

/** What stands under a picture: what it is taken for, what it is, or nothing. */
export type Caption = 'prediction' | 'label' | 'none';

/** Pictures under a title; null where none can be shown. */
export function strip(title: string, pictures: readonly LabelledPicture[], caption: Caption): Strip | null {
  const shown = pictures.filter(isShowable).map((picture) => ({
    ...picture,
    alt: altText(picture),
    caption: captionText(picture, caption),
    ...{ name: oneLine(picture.image), is: named(picture.label), now: named(picture.prediction) },
    ...{ before: named(picture.before ?? null), sure: picture.sure ?? null },
    ...{ id: picture.id ?? null, alike: picture.alike ?? [] },
    tiny: Math.max(picture.width, picture.height) <= 64,
  }));
  return shown.length === 0 ? null : { title, pictures: shown };
}

/** What a feature looks for: images, where in them, and the same images changed; what is missing is left out. */
export function featureStrips(pictures: FeaturePictures | undefined): Strip[] {
  return [
    strip('Images that show it most', pictures?.mostActivating ?? [], 'none'),
    strip('Where it sees it', pictures?.heatmaps ?? [], 'none'),
    strip('Made as strong as it gets', pictures?.attacks ?? [], 'none'),
  ].filter((row) => row !== null);
}

function named(name: string | null): string | null {
  return name === null ? null : nameText(name);
}

function altText({ image, label, prediction }: LabelledPicture): string {
  const is = label === null ? '' : `: ${oneLine(label)}`;
  const taken = prediction === null || prediction === label ? '' : `, taken for ${oneLine(prediction)}`;
  return `${oneLine(image)}${is}${taken}`;
}

function captionText({ label, prediction }: LabelledPicture, caption: Caption): string | null {
  if (caption === 'label') return label === null ? null : oneLine(label, 24);
  return caption === 'none' || prediction === null ? null : `→ ${oneLine(prediction, 24)}`;
}

/** Whether a picture holds its own pixels: the page loads nothing. */
function isShowable({ uri, width, height }: LabelledPicture): boolean {
  return /^data:image\/(?:webp|png|avif|jpeg);base64,[A-Za-z\d+/]+=*$/.test(uri) && width > 0 && height > 0;
}

/** What tells of a failing image of a group. */
export function failingCaption(groupId: string): Caption {
  return groupOfId(groupId).kind.tells;
}
