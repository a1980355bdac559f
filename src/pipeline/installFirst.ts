import { installEngine } from '../models/engines/installEngine.ts';

/** Installs an engine before a command that needs one, unless it is there. @throws UserError where there is none of that name, or npm cannot */
export async function installFirst(engine: string, onNotice: (line: string) => void): Promise<void> {
  await installEngine(engine, onNotice);
}
