import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{maxima,maximaOf,maximaWorker}from"./chunk-maxima.js";import"./chunk-draws.js";import"./chunk-score.js";import"./chunk-lanes.js";import"./chunk-logLikelihoodRatio.js";import"./chunk-random.js";import"./chunk-shared-2.js";export{maxima as default,maximaOf,maximaWorker};
