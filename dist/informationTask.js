import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{informationWorker,run}from"./chunk-informationTask.js";import"./chunk-mutualInformation.js";import"./chunk-argsort.js";import"./chunk-random.js";import"./chunk-shared-2.js";export{run as default,informationWorker};
