import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b,c}from"./chunk-4N6GBIQL.js";import"./chunk-SEEBOOGK.js";import"./chunk-BYWCS4G6.js";import"./chunk-26BCM35M.js";import"./chunk-JO6M2EVI.js";export{b as default,c as groupWorker,a as significanceRows};
