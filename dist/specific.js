import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-YSXYO4OU.js";import"./chunk-S25KYYIZ.js";import"./chunk-7FU7HOMD.js";import"./chunk-O6EVO7RG.js";import"./chunk-H6SZA3FC.js";import"./chunk-Z67HOAWE.js";import"./chunk-L6RVH3NO.js";import"./chunk-JO6M2EVI.js";export{a as default,b as specificWorker};
