import type { EventImage, FailureEvent } from '../records/comparison.ts';
import { count, counted, number } from '../records/words.ts';
import type { ActionView } from './actions.ts';
import { type Card, clusterCard, type Ground } from './card.ts';
import type { EventView } from './checkpointView.ts';
import type { ClusterView } from './clusterView.ts';
import { eventLead } from './eventLead.ts';
import { type ImageBrowser, MOST_NAMED, nameLine } from './imageBrowser.ts';
import { type EventPictures, keyOf, type LabelledPicture, type TrialPictures } from './pictures.ts';
import { changePlot } from './plots/changePlot.ts';
import { type Strip, strip } from './strip.ts';

/** An event told with pictures: what broke, why, what next; its clusters as the places where it was found. */
export interface EventCard {
  readonly anchor: string;
  readonly id: string;
  readonly title: string;
  /** "38 images newly fail". */
  readonly images: string;
  readonly also: readonly string[];
  readonly causes: readonly string[];
  readonly whyNot: string | null;
  /** Images changed to see whether they mend; null where there are none to show. */
  readonly trial: { readonly before: Strip | null; readonly after: Strip | null } | null;
  /** Null where no cluster of it is known. */
  readonly rates: {
    readonly before: string;
    readonly after: string;
    readonly change: string;
    readonly among: string;
    readonly what: string;
    readonly howSure: string;
    /** SVG text, safe to place in a page. */
    readonly plot: string;
  } | null;
  readonly confidence: string | null;
  readonly failing: Strip | null;
  readonly right: Strip | null;
  readonly browser: ImageBrowser;
  readonly actions: readonly ActionView[];
  /** Images of the pool without labels that are as these. */
  readonly unlabelled: Strip | null;
  /** Where it was found: each with the rule and its features. */
  readonly places: readonly Card[];
}

/** Pictures beside the title. */
const MOST = { failing: 12, right: 6, places: 6 };

/** The card of a new event. @param clusters its clusters */
export function eventCard(
  event: FailureEvent,
  view: EventView,
  clusters: readonly ClusterView[],
  ground: Ground,
  anchor: string,
): EventCard {
  const lead = eventLead(clusters);
  const shown = ground.input.pictures?.events.get(keyOf(ground.result.name, event.id)) ?? null;
  const facts = new Map(event.images.map((image) => [image.name, image]));
  const ids = new Map([...(shown?.neighbours.keys() ?? [])].map((name, index) => [name, `${anchor}-p${index}`]));
  const told = (pictures: readonly LabelledPicture[]) => pictures.map((each) => withFacts(each, facts, shown, ids));
  const failing = shown === null ? [] : told(shown.failing);
  const right = shown === null ? [] : told(shown.right);
  return {
    ...{ anchor, id: event.id, title: view.title, images: view.images },
    ...{ causes: view.causes, whyNot: view.whyNot, confidence: view.confidence },
    trial: trialOf(ground.input.trials.get(keyOf(ground.result.name, event.id))),
    also: view.trait === null ? [] : [view.trait],
    rates: lead && {
      ...{ before: lead.before, after: lead.after, change: lead.cluster.change },
      ...{ among: lead.among, what: lead.what },
      howSure: lead.cluster.howSure,
      plot: changePlot(
        lead.cluster.beforeRate,
        lead.cluster.afterRate,
        `Error rate before ${lead.before}, now ${lead.after}`,
      ),
    },
    failing: strip('Newly fail, the most typical first', failing.slice(0, MOST.failing), 'prediction'),
    right: strip('Most alike and still right', right.slice(0, MOST.right), 'label'),
    browser: browser(event, failing, shown === null ? [] : told([...shown.neighbours.values()]), anchor),
    actions: view.actions,
    unlabelled: strip('In your pool, the most typical first', shown?.unlabelled ?? [], 'none'),
    places: clusters.slice(0, MOST.places).map((cluster, index) => clusterCard(cluster, ground, `${anchor}-c${index}`)),
  };
}

function trialOf(pictures: TrialPictures | undefined): EventCard['trial'] {
  if (pictures === undefined) return null;
  return {
    before: strip('Newly fail, as they are', pictures.before, 'prediction'),
    after: strip('The same, changed to what is usual', pictures.after, 'prediction'),
  };
}

function withFacts(
  picture: LabelledPicture,
  facts: ReadonlyMap<string, EventImage>,
  shown: EventPictures | null,
  ids: ReadonlyMap<string, string>,
): LabelledPicture {
  const fact = facts.get(picture.image);
  return {
    ...picture,
    id: ids.get(picture.image) ?? null,
    before: fact?.before ?? null,
    sure: fact?.confidence == null ? null : number(fact.confidence),
    alike: (shown?.alike.get(picture.image) ?? []).flatMap((name) => ids.get(name) ?? []),
  };
}

function browser(
  { images }: FailureEvent,
  failing: readonly LabelledPicture[],
  neighbours: readonly LabelledPicture[],
  anchor: string,
): ImageBrowser {
  const pictures = strip('All that newly fail', failing, 'prediction');
  const pictured = new Set((pictures?.pictures ?? []).map(({ image }) => image));
  const others = images.filter(({ name }) => !pictured.has(name));
  return {
    anchor: `${anchor}-all`,
    summary: `All ${counted(images.length, 'image')} that newly ${images.length === 1 ? 'fails' : 'fail'}`,
    pictures,
    names: others.slice(0, MOST_NAMED).map(nameLine),
    more: others.length > MOST_NAMED ? `${count(others.length - MOST_NAMED)} more in result.json.` : null,
    neighbours: strip('Right', neighbours, 'label'),
  };
}
