import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b,c,d}from"./chunk-PIIBXBSZ.js";import"./chunk-ILLN7UYR.js";import"./chunk-ZEYT7TZA.js";import"./chunk-O6EVO7RG.js";import"./chunk-JO6M2EVI.js";export{a as SAMPLE_VALUES,c as default,d as groupWorker,b as significanceRows};
