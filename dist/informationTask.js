import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-G3NXVFMU.js";import"./chunk-ILLN7UYR.js";import"./chunk-O6EVO7RG.js";import"./chunk-JO6M2EVI.js";export{a as default,b as informationWorker};
