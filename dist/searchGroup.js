import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{d as a,e as b}from"./chunk-V2YYNQNQ.js";import"./chunk-BYWCS4G6.js";import"./chunk-26BCM35M.js";import"./chunk-JO6M2EVI.js";export{a as default,b as searchWorker};
