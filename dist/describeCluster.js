import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{describeCluster,describeWorker}from"./chunk-tighten.js";import"./chunk-neighbourhoods.js";import"./chunk-kthLeast.js";import"./chunk-regionId.js";import"./chunk-entry.js";import"./chunk-random.js";import"./chunk-shared-2.js";export{describeCluster as default,describeWorker};
