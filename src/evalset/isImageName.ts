/**
 * What torchvision takes for an image by its ending, the other formats that are read, and those that phones and scanners write and
 * are refused by name when they are decoded: passed over, they would be missing from every figure, unseen.
 */
const imageEnding = /\.(jpe?g|jfif|png|ppm|bmp|pgm|tiff?|webp|pbm|gif|avif|hei[cf]|jxl|jp2)$/i;

/** Whether a text is called as image files are. */
export function isImageName(name: string): boolean {
  return imageEnding.test(name);
}
