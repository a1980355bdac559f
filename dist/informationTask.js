import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-WMHDHGDL.js";import"./chunk-5NTMCHL5.js";import"./chunk-O6EVO7RG.js";import"./chunk-JO6M2EVI.js";export{a as default,b as informationWorker};
