import type { EventTrait } from '../../src/records/comparison.ts';
import type { Result } from '../../src/records/result.ts';
import { keyOf } from '../../src/report/pictures.ts';
import {
  sampleCheck,
  sampleCheckpoint,
  sampleCluster,
  sampleEvent,
  sampleGroup,
  sampleInput,
  sampleResult,
} from './sampleResult.ts';

/** Names that would be markup, mentions, links, commands or a broken layout if anything let them. */
export const HOSTILE_NAMES: readonly string[] = [
  'a|b|c',
  '`code` ``more`` ```',
  'line\nbreak\r\n\r\n# heading\n- item\n\n| a | b |\n|---|---|',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</details></summary></table><h1>out</h1>',
  '<!-- comment',
  '&lt;b&gt; &amp; &#35;1 &copy;',
  '@octocat and @github/team',
  '#1 GH-2 octo/repo#3 octo/repo@0123456',
  '[link](https://evil.example) ![img](https://evil.example/x.png)',
  '[ref]: https://evil.example "x"',
  'https://evil.example/a www.evil.example mailto:a@evil.example a@evil.example <https://evil.example>',
  '**bold** _em_ __strong__ ~~gone~~ ~sub~ snake_case_name',
  '- item',
  '1. item',
  '> quote',
  '> [!WARNING]',
  '===',
  '---',
  '+ plus',
  '# heading',
  ':smile: :+1:',
  '$x^2$ $$y$$',
  '[^1] [^1]: note',
  '- [x] task',
  '::error file=a,line=1::boo',
  '##[error]boo',
  '%0A::error::',
  '\\*not\\* \\',
  '"double" \'single\'',
  'tab\tnul\u0000bell\u0007esc\u001b[31mred',
  'rtl \u202Egnp.exe',
  'שלום (עולם) [א]',
  'مرحبا | بالعالم',
  '👩‍👩‍👧‍👦🇩🇪',
  'lone \ud800 surrogate',
  'javascript:alert(1)',
  '{{this}} {{{this}}} {{> checkpoint.md}}',
  ' leading and trailing ',
  'x'.repeat(10_000),
  '<'.repeat(10_000),
];

function traitsOf(name: string): EventTrait[] {
  const apart = { text: name, group: `label:${name}`, pValue: 0.001 };
  return [
    { kind: 'confusion', text: name, label: name, prediction: name, images: 1, of: 1 },
    { kind: 'metadata', ...apart, column: name, value: name, images: 1, of: 1, others: 0, ofOthers: 9 },
    { kind: 'feature', ...apart, name, feature: 33, greater: true, share: 0.9 },
    { kind: 'number', ...apart, name, feature: null, greater: false, share: 1 },
  ];
}

/** A run in which every text that comes from data is `name`. */
export function hostileInput(name: string) {
  const group = sampleGroup({ id: `label:${name}`, value: name });
  const skipped = sampleGroup({ id: `column:${name}`, grouping: 'column', value: name, skipped: name, leaves: [] });
  const cluster = sampleCluster({
    id: `label:${name}#89abcdef`,
    group: `label:${name}`,
    images: [name, `images/${name}`],
  });
  const known = { ...cluster, id: `label:${name}#00000000`, status: 'worsened' as const };
  const sample = sampleCheckpoint();
  const comparison = sample.comparison && {
    ...sample.comparison,
    mended: sample.events.map((event) => ({ ...event, title: name, traits: traitsOf(name) })),
    newlyFailed: [
      { name, label: name, before: name, after: name, confidence: 0.5, confidenceBefore: 0.5, event: name },
    ],
    baseline: { commit: name, checkpoint: name, baseErrorRate: 0.1 },
    clusters: [cluster, known, { ...known, status: 'persisting' as const }],
  };
  const check = sampleCheck({ id: name, subject: cluster.id, message: name });
  const checks = [check, { ...check, severity: 'warning' as const }, { ...check, severity: 'off' as const }];
  const {
    images: [image],
    trainingSet: trained,
  } = sampleEvent();
  if (trained === null) throw new Error('the sample event has its training images counted');
  const events = [
    sampleEvent({
      ...{ id: cluster.id, title: name, traits: traitsOf(name), clusters: [cluster.id] },
      images: [{ ...image, name, label: name, before: name, after: name }],
      trainingSet: { classes: trained.classes.map((each) => ({ ...each, className: name })), untested: name },
      actions: [
        {
          ...{ kind: 'check-labels', text: name, command: name, of: 1 },
          images: [{ name, label: name, prediction: name, agreeing: 7, neighbours: 10 }],
        },
        { kind: 'mask', text: name, command: null, features: [33] },
        { kind: 'accept', text: name, command: null, check: name },
      ],
    }),
  ];
  const checkpoint = {
    ...sample,
    name,
    events,
    groups: [group, skipped],
    comparison,
    verdict: { outcome: 'failed' as const, passed: false, checks },
  };
  const result: Result = {
    ...sampleResult(),
    suite: name,
    commit: name,
    tool: { name, version: name },
    featureModel: { fingerprint: name, dimensions: 128, engine: name },
    checkpoints: [checkpoint, checkpoint],
    trainingSet: { images: 2, read: 2, skipped: [name], shared: [{ training: name, evalSet: name }] },
  };
  const featureNames = new Map([33, 102, 48].map((feature) => [feature, { name, kind: null, note: name }]));
  const confusions = new Map([[keyOf(checkpoint.name, cluster.id), [{ className: name, images: 3 }]]]);
  const named = { name, label: name, before: null, after: name };
  const modes = new Map(group.leaves.map(({ id }) => [keyOf(name, id), { images: [named], total: 1 }]));
  const past = [{ commit: name, failed: new Map([[name, true]]), slices: new Map() }];
  return sampleInput(result, { featureNames, confusions, past, modes, configText: name });
}
