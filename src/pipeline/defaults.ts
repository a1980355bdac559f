import { schemaDefaults } from '../config/config.ts';
import type { AnalysisOptions } from '../records/analysis.ts';

/** What barlow.yml's `analysis` is where it is left out: the paper's settings, with 999 shuffles. */
export const defaultAnalysisOptions: AnalysisOptions = schemaDefaults().analysis;
