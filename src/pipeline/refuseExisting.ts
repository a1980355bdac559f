import { existsSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** @throws UserError where one of the files that a command is to write is there, and it is not forced to write over it. */
export function refuseExisting(paths: readonly string[], force: boolean): void {
  const there = paths.find((path) => existsSync(path));
  if (there === undefined || force) return;
  throw new UserError({
    what: 'it exists already',
    where: there,
    fix: 'Name another by --out, or give --force to write over it',
  });
}
