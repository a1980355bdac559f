import type { Picture } from '../images/decode.ts';
import { entry } from '../records/entry.ts';

/** Where an image is to go next: along one feature, up or down. */
export interface Course {
  /** A feature of the model, or, from the model's number of features on, an image property. */
  readonly feature: number;
  readonly up: boolean;
  /** How far, in the feature's own units; null: as far as a step goes. */
  readonly gap: number | null;
}

/** Tells a feature of an image. */
export type Reads = (feature: number) => number;

/** Says where image `image` is to go from where it is, `far` from its start (L2); null: no further. Asked once a step. */
export type Guide = (image: number, reads: Reads, far: number) => Course | null;

/** What moving needs to know of images. */
export interface Senses {
  /** Of `pictures`, states of the images numbered `images`. */
  readonly read: (pictures: readonly Picture[], images: readonly number[]) => Promise<readonly Reads[]>;
  /** d feature / d pixel values (interleaved RGB in [0, 1]) of each image by its own feature. */
  readonly gradients: (
    values: readonly Float32Array[],
    features: readonly number[],
  ) => Promise<readonly Float32Array[]>;
}

export interface Moves {
  /** At most. */
  readonly steps: number;
  /** L2 length of a step at most, of pixel values in [0, 1], by image. */
  readonly stepSize: (image: number) => number;
  readonly onProgress: (done: number, total: number) => void;
}

/** A picture that was changed, and its L2 distance from its start, of pixel values in [0, 1]. */
export interface MovedPicture {
  readonly picture: Picture;
  readonly distance: number;
}

/** A step goes a little beyond what the slope promises, and never so short that rounding to bytes undoes it. */
const BEYOND = 1.1;
const SHORTEST = 1 / 8;

/**
 * Changes pictures along features, step by step and each as little as it takes: x <- clamp(x +- length g / ||g||, 0, 1), g being
 * the gradient of the feature that the guide names (the feature attack of Barlow, section 4, both ways). What a guide is told is of
 * the picture as it would be saved, in bytes.
 */
export async function moveImages(
  starts: readonly Picture[],
  guide: Guide,
  { steps, stepSize, onProgress }: Moves,
  senses: Senses,
): Promise<MovedPicture[]> {
  const values = starts.map(({ rgb }) => Float32Array.from(rgb, (level) => level / 255));
  const pictures = [...starts];
  const far = (image: number) => distanceOf(entry(pictures, image), entry(starts, image));
  let moving = [...starts.keys()];
  for (let step = 0; step < steps && moving.length > 0; step++) {
    const readers = await senses.read(
      moving.map((image) => entry(pictures, image)),
      moving,
    );
    const courses = moving.flatMap((image, at) => {
      const course = guide(image, entry(readers, at), far(image));
      return course === null ? [] : [{ image, course }];
    });
    const gradients = await senses.gradients(
      courses.map(({ image }) => entry(values, image)),
      courses.map(({ course }) => course.feature),
    );
    for (const [at, { image, course }] of courses.entries()) {
      advance(entry(values, image), entry(gradients, at), course, stepSize(image));
      pictures[image] = pictureOf(entry(values, image), entry(starts, image));
    }
    moving = courses.map(({ image }) => image);
    onProgress(step + 1, steps);
  }
  return pictures.map((picture, image) => ({ picture, distance: far(image) }));
}

function advance(values: Float32Array, gradient: Float32Array, { up, gap }: Course, stepSize: number): void {
  const steepness = Math.sqrt(gradient.reduce((sum, each) => sum + each * each, 0));
  if (steepness === 0) return;
  const asked = gap === null ? stepSize : Math.max((BEYOND * gap) / steepness, SHORTEST * stepSize);
  const factor = ((up ? 1 : -1) * Math.min(stepSize, asked)) / steepness;
  for (const [at, value] of values.entries())
    values[at] = Math.min(1, Math.max(0, value + factor * entry(gradient, at)));
}

/** A picture on the way from one to another, so that it lies no further than `most` from the first. */
export function within(most: number, start: Picture, { picture, distance }: MovedPicture): MovedPicture {
  if (distance <= most) return { picture, distance };
  const share = most / distance;
  const rgb = start.rgb.map((level, at) => Math.round(level + share * (entry(picture.rgb, at) - level)));
  const nearer = { ...picture, rgb };
  return { picture: nearer, distance: distanceOf(nearer, start) };
}

function pictureOf(values: Float32Array, { width, height }: Picture): Picture {
  return { width, height, rgb: Uint8Array.from(values, (value) => Math.round(255 * value)) };
}

function distanceOf(a: Picture, b: Picture): number {
  let sum = 0;
  for (const [at, level] of a.rgb.entries()) sum += (level - entry(b.rgb, at)) ** 2;
  return Math.sqrt(sum) / 255;
}
