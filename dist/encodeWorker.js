import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-PVOY3SRS.js";import"./chunk-KATRNFBN.js";import"./chunk-B6VYLIUS.js";import"./chunk-QOBFHNJ6.js";import"./chunk-JO6M2EVI.js";export{a as default,b as encodeWorker};
