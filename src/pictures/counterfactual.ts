import type { FeaturePlan } from '../features/featurePlan.ts';
import type { Picture } from '../images/decode.ts';
import { inLayout, interleaved, normalised, pixelValues } from '../images/pixelValues.ts';
import { depthOf } from '../images/preprocess.ts';
import { propertiesOf } from '../images/properties.ts';
import { hasGradient, propertyGradient } from '../images/propertyGradient.ts';
import type { Session } from '../models/engine.ts';
import type { Condition, Region } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import { stream } from '../statistics/random.ts';
import { gradientOf } from './attackImages.ts';
import { autoStepSize } from './featureAttack.ts';
import {
  type Course,
  type Guide,
  type MovedPicture,
  moveImages,
  type Reads,
  type Senses,
  within,
} from './moveImages.ts';

/** An image to change. */
export interface Movable {
  /** Names its random features. */
  readonly name: string;
  /** As the feature model sees it. */
  readonly view: Picture;
  /** Of the whole image, in the order of `imageProperties`. */
  readonly properties: Float32Array;
}

/** The feature model, open. */
export interface MoveStudio {
  readonly session: Session;
  readonly plan: FeaturePlan;
  /** Features of the model. */
  readonly dimensions: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** Steps of a change at most. */
const STEPS = 20;
/** Steps in which a change along random features goes as far; features on which an image has no slope take further ones. */
const RANDOM_STEPS = 4;
/** Random features that an image may try. */
const TRIES = 12;

/** Conditions of a rule that images can be changed along. */
export function movableConditions(rule: Region, dimensions: number): Region {
  return rule.filter(({ feature }) => feature < dimensions || hasGradient(feature - dimensions));
}

/** Whether a rule holds of each picture, a state of the image at its place. */
export async function holding(
  rule: Region,
  images: readonly Movable[],
  pictures: readonly Picture[],
  studio: MoveStudio,
): Promise<boolean[]> {
  const readers = await sensesOf(images, studio).read(pictures, [...images.keys()]);
  return readers.map((reads) => rule.every((each) => holds(each, reads)));
}

/** Changes images until all conditions of `goal` hold, each along whichever do not, in turn. */
export function moveTo(images: readonly Movable[], goal: Region, studio: MoveStudio): Promise<MovedPicture[]> {
  const turns = images.map(() => 0);
  const guide: Guide = (image, reads) => {
    const unmet = goal.filter((each) => !holds(each, reads));
    if (unmet.length === 0) return null;
    const { feature, op, threshold } = entry(unmet, next(turns, image) % unmet.length);
    return { feature, up: op === '>', gap: Math.abs(threshold - reads(feature)) };
  };
  const { width, height } = studio.plan.pipeline;
  const stepSize = autoStepSize(3 * width * height);
  const moves = { steps: STEPS, stepSize: () => stepSize, onProgress: studio.onProgress };
  return moveImages(
    images.map(({ view }) => view),
    guide,
    moves,
    sensesOf(images, studio),
  );
}

/**
 * Changes each image as far as `distances` says along `count` features drawn by its name, up or down: none of the rule's, and none
 * on which the image has no slope.
 */
export async function moveAtRandom(
  images: readonly Movable[],
  distances: readonly number[],
  count: number,
  rule: Region,
  studio: MoveStudio,
): Promise<MovedPicture[]> {
  const excluded = new Set(rule.map(({ feature }) => feature));
  const left = images.map(({ name }) => randomCourses(name, excluded, studio.dimensions));
  const last = images.map(() => -1);
  const turns = images.map(() => 0);
  const guide: Guide = (image, _reads, far) => {
    const courses = entry(left, image);
    if (far >= entry(distances, image)) return null;
    // It did not move: the feature has no slope here.
    if (far === last[image]) courses.splice((entry(turns, image) - 1) % Math.min(count, courses.length), 1);
    else last[image] = far;
    if (courses.length === 0) return null;
    return entry(courses, next(turns, image) % Math.min(count, courses.length));
  };
  const stepSize = (image: number) => entry(distances, image) / RANDOM_STEPS;
  const moves = { steps: STEPS, stepSize, onProgress: studio.onProgress };
  const ended = await moveImages(
    images.map(({ view }) => view),
    guide,
    moves,
    sensesOf(images, studio),
  );
  return ended.map((each, image) => within(entry(distances, image), entry(images, image).view, each));
}

/** The turn of an image, which is then past. */
function next(turns: number[], image: number): number {
  const turn = entry(turns, image);
  turns[image] = turn + 1;
  return turn;
}

function randomCourses(name: string, excluded: ReadonlySet<number>, dimensions: number): Course[] {
  const { below } = stream(`counterfactual ${name}`);
  const courses: Course[] = [];
  while (courses.length < TRIES) {
    const feature = below(dimensions);
    const up = below(2) === 1;
    if (!excluded.has(feature)) courses.push({ feature, up, gap: null });
  }
  return courses;
}

function holds({ feature, op, threshold }: Condition, reads: Reads): boolean {
  return op === '>' ? reads(feature) > threshold : reads(feature) <= threshold;
}

/** What the feature model and the decoder say of images, batch by batch, each padded to one size. */
function sensesOf(images: readonly Movable[], { session, plan, dimensions }: MoveStudio): Senses {
  const { pipeline, layer, gradientBatch: batch } = plan;
  // A property is of the whole image, of which the model may see a part in another size: it changes as that of the part does.
  const offsets = images.map(({ view, properties }) => {
    const seen = propertiesOf(view, 1);
    return properties.map((value, at) => value - entry(seen, at));
  });
  const gradientByLayout = gradientOf(session, plan);
  return {
    read: async (pictures, numbers) => {
      const features = await featuresOf(pictures, session, layer, plan);
      return pictures.map((picture, at) => {
        let seen: Float32Array | undefined;
        return (feature) => {
          if (feature < dimensions) return entry(entry(features, at), feature);
          seen ??= propertiesOf(picture, 1);
          return entry(seen, feature - dimensions) + entry(entry(offsets, entry(numbers, at)), feature - dimensions);
        };
      });
    },
    gradients: async (values, features) => {
      const gradients: Float32Array[] = values.map((each, at) => {
        const property = entry(features, at) - dimensions;
        return property < 0 ? new Float32Array() : propertyGradient(each, pipeline.width, pipeline.height, property);
      });
      const byModel = [...features.keys()].filter((at) => entry(features, at) < dimensions);
      for (let from = 0; from < byModel.length; from += batch) {
        const some = byModel.slice(from, from + batch);
        const length = pipeline.width * pipeline.height * depthOf(pipeline);
        const inputs = new Float32Array(some.length * length);
        for (const [i, at] of some.entries()) inputs.set(inLayout(entry(values, at), pipeline), i * length);
        const found = await gradientByLayout(
          inputs,
          Int32Array.from(some, (at) => entry(features, at)),
        );
        for (const [i, at] of some.entries())
          gradients[at] = interleaved(found.subarray(i * length, (i + 1) * length), pipeline);
      }
      return gradients;
    },
  };
}

/** A tensor's values of pictures, one array a picture. */
export async function featuresOf(
  pictures: readonly Picture[],
  session: Session,
  layer: string,
  { pipeline, gradientBatch: batch }: Pick<FeaturePlan, 'pipeline' | 'gradientBatch'>,
): Promise<Float32Array[]> {
  const length = pipeline.height * pipeline.width * depthOf(pipeline);
  const all: Float32Array[] = [];
  for (let from = 0; from < pictures.length; from += batch) {
    const some = pictures.slice(from, from + batch);
    const values = new Float32Array(batch * length);
    for (const [i, picture] of some.entries())
      values.set(normalised(pixelValues(picture, pipeline), pipeline), i * length);
    const tensor = (await session.run({ count: batch, values }, [layer])).get(layer);
    if (tensor === undefined) throw new Error(`the engine gave no tensor ${layer}`);
    const size = tensor.values.length / batch;
    for (const i of some.keys()) all.push(tensor.values.slice(i * size, (i + 1) * size));
  }
  return all;
}
