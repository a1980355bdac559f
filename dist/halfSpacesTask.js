import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{halfSpacesWorker,run}from"./chunk-halfSpacesTask.js";import"./chunk-halfSpaces.js";import"./chunk-score.js";import"./chunk-logLikelihoodRatio.js";import"./chunk-argsort.js";import"./chunk-kthLeast.js";import"./chunk-shared-2.js";export{run as default,halfSpacesWorker};
