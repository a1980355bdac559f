type Floor = 'door' | 'pipeline' | 'edge' | 'pure' | 'ground';

/**
 * The house (CONTRIBUTING quotes this table): every folder of `src/`, its floor, and the rooms it may import besides its
 * own files and what is common to all.
 */
export const house: Readonly<Record<string, { readonly floor: Floor; readonly imports?: readonly string[] }>> = {
  forge: { floor: 'door', imports: ['pipeline'] },
  pipeline: {
    floor: 'pipeline',
    imports: [
      ...['config', 'evalset', 'images', 'models', 'features', 'pictures', 'baseline'],
      ...['analysis', 'gate', 'report'],
    ],
  },
  config: { floor: 'edge' },
  evalset: { floor: 'edge' },
  images: { floor: 'edge' },
  models: { floor: 'edge' },
  features: { floor: 'edge', imports: ['images', 'models'] },
  pictures: { floor: 'edge', imports: ['images', 'models', 'features'] },
  baseline: { floor: 'edge' },
  analysis: { floor: 'pure' },
  gate: { floor: 'pure' },
  report: { floor: 'pure' },
  statistics: { floor: 'ground' },
  records: { floor: 'ground' },
  adapters: { floor: 'ground' },
};

/** What every room may import; the ground floor imports nothing above it. */
export const common: readonly string[] = ['records', 'statistics', 'adapters'];

/** The table as CONTRIBUTING quotes it. */
export const houseTable = [
  ['room', 'floor', 'imports, besides its own files and the ground floor'],
  ...Object.entries(house).map(([room, { floor, imports = [] }]) => [room, floor, imports.join(' ')]),
]
  .map(([room = '', floor = '', imports = '']) => `${room.padEnd(12)}${floor.padEnd(10)}${imports}`.trimEnd())
  .join('\n');
