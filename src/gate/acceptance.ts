import type { AcceptedEvent } from '../records/verdict.ts';
import { counted } from '../records/words.ts';

/** What an entry of `gate.accepted` may name, by one of its ids, and how many of its images newly fail. */
export interface Acceptable {
  readonly ids: readonly string[];
  readonly newlyFailed: number;
}

/** An entry of the config that accepts this, the longest-lived of those that hold, else of those that do not; null where none names it. */
export function acceptanceOf({ ids, newlyFailed }: Acceptable, accepted: readonly AcceptedEvent[], today: string) {
  const holds = ({ until, images }: AcceptedEvent) => until >= today && (images === undefined || newlyFailed <= images);
  const [entry] = accepted
    .filter(({ event }) => ids.includes(event))
    .toSorted((a, b) => Number(holds(b)) - Number(holds(a)) || (a.until > b.until ? -1 : 1));
  if (entry === undefined) return null;
  const { until, reason, images } = entry;
  if (until < today)
    return { holds: false, hasEnded: true, text: `; was accepted until ${until}, which has passed: ${reason}` };
  if (images === undefined || holds(entry))
    return { holds: true, hasEnded: false, text: `; accepted until ${until}: ${reason}` };
  const most = `${counted(images, 'newly failed image')} at most`;
  return { holds: false, hasEnded: false, text: `; is accepted until ${until} with ${most}: ${reason}` };
}
