import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-NUAM6VVB.js";import"./chunk-SEEBOOGK.js";import"./chunk-26BCM35M.js";import"./chunk-JO6M2EVI.js";export{a as default,b as informationWorker};
