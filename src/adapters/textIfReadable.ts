import { readFileSync } from 'node:fs';

/** The text of a file in UTF-8; null where none can be read: there is no file, no permission, a folder, or more than a string holds. */
export function textIfReadable(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
