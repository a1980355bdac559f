import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/images/decode.ts';
import { type Pipeline, preprocess, usual } from '../../src/images/preprocess.ts';
import { resizeBilinear } from '../../src/images/resize.ts';
import { hasPython, python } from '../extras.ts';
import { expected, imageBytes, imagePath } from './fixtures.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

function pipeline(resize: number | null, crop: number, layout: 'NCHW' | 'NHWC' = 'NCHW'): Pipeline {
  return { ...usual, ...IMAGENET, resize, crop, layout, height: crop, width: crop };
}

async function processed(image: string, steps: Pipeline): Promise<Float32Array> {
  const out = new Float32Array(steps.height * steps.width * 3);
  preprocess(await decodeImage(imageBytes(image)), steps, out);
  return out;
}

describe('resizing', () => {
  it.each(expected.resized)(
    'to $width x $height gives the bytes of Pillow',
    async ({ width, height, sha256: truth }) => {
      const picture = resizeBilinear(await decodeImage(imageBytes('rgb.png')), width, height);
      expect(sha256(picture.rgb)).toBe(truth);
    },
  );
});

describe('preprocessing', () => {
  it.each(expected.processed)('$image, resize $resize, crop $crop gives the values of torchvision', async (row) => {
    const out = await processed(row.image, pipeline(row.resize, row.crop));
    expect(sha256(new Uint8Array(out.buffer))).toBe(row.sha256);
  });

  it('lays channels last where the model wants them so', async () => {
    const first = await processed('base.jpg', pipeline(40, 32));
    const last = await processed('base.jpg', pipeline(40, 32, 'NHWC'));
    const moved = Float32Array.from(last, (_, i) => first[(i % 3) * 32 * 32 + Math.floor(i / 3)]);
    expect(last).toEqual(moved);
  });

  it('refuses an image that comes out in another size', async () => {
    const steps: Pipeline = { ...pipeline(null, 32), crop: null };
    await expect(processed('rgb.png', steps)).rejects.toThrow('is 83 x 61 pixels where the model takes 32 x 32');
  });
});

describe.skipIf(!hasPython('torchvision'))('preprocessing beside torchvision (needs python3-torchvision)', () => {
  it('resizes to any size as Pillow, to the byte', async () => {
    const sizes = python(SIZES, imagePath('base.jpg')).toString().trim().split('\n');
    expect(sizes.length).toBe(400);
    const picture = await decodeImage(imageBytes('base.jpg'));
    for (const line of sizes) {
      const [fromWidth, fromHeight, width, height, truth] = line.split(' ');
      const from = resizeBilinear(picture, Number(fromWidth), Number(fromHeight));
      expect(sha256(resizeBilinear(from, Number(width), Number(height)).rgb), line).toBe(truth);
    }
  });

  it('runs the whole pipeline as torchvision, to the bit', async () => {
    for (const line of python(PIPELINES, imagePath('base.jpg'), imagePath('rgba.png'), imagePath('lossy.webp'))
      .toString()
      .trim()
      .split('\n')) {
      const [path, resize, crop, truth] = line.split(' ');
      const out = await processed(path.slice(path.lastIndexOf('/') + 1), pipeline(Number(resize), Number(crop)));
      expect(sha256(new Uint8Array(out.buffer)), line).toBe(truth);
    }
  });
});

const SIZES = `
import sys, hashlib, numpy as np
from PIL import Image
rng = np.random.RandomState(2)
im = Image.open(sys.argv[1])
for i in range(400):
    fw, fh = (int(v) for v in rng.randint(1, 200, 2))
    w, h = (int(v) for v in rng.randint(1, 400, 2)) if i % 2 else (int(v) for v in rng.randint(1, 40, 2))
    out = im.resize((fw, fh), Image.BILINEAR).resize((w, h), Image.BILINEAR)
    print(fw, fh, w, h, hashlib.sha256(out.tobytes()).hexdigest())
`;

const PIPELINES = `
import sys, hashlib, numpy as np
from PIL import Image
from torchvision import transforms
rng = np.random.RandomState(3)
normalize = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
for path in sys.argv[1:]:
    for _ in range(30):
        resize, crop = (int(v) for v in rng.randint(1, 120, 2))
        steps = [transforms.Resize(resize), transforms.CenterCrop(crop), transforms.ToTensor(), normalize]
        out = transforms.Compose(steps)(Image.open(path).convert('RGB')).numpy()
        print(path, resize, crop, hashlib.sha256(out.tobytes()).hexdigest())
`;
