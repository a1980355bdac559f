import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{d as a,e as b}from"./chunk-CJIHU7U2.js";import"./chunk-ZEYT7TZA.js";import"./chunk-O6EVO7RG.js";import"./chunk-JO6M2EVI.js";export{a as default,b as searchWorker};
