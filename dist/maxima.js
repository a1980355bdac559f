import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{b as a,c as b,d as c}from"./chunk-S25KYYIZ.js";import"./chunk-O6EVO7RG.js";import"./chunk-H6SZA3FC.js";import"./chunk-Z67HOAWE.js";import"./chunk-L6RVH3NO.js";import"./chunk-JO6M2EVI.js";export{a as default,c as maximaOf,b as maximaWorker};
