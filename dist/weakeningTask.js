import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{weakening,weakeningWorker}from"./chunk-weakeningTask.js";import"./chunk-draws.js";import"./chunk-random.js";import"./chunk-halfSpaces.js";import"./chunk-score.js";import"./chunk-logLikelihoodRatio.js";import"./chunk-shared-2.js";export{weakening as default,weakeningWorker};
