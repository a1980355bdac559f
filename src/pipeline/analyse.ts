/** The analysis on arrays, for users of the library. */
export { type AnalyseInput, analyse } from '../analysis/analyse.ts';
