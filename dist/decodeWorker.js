import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-DLC7UJOX.js";import"./chunk-DRKVVKSY.js";import"./chunk-JFXO63QB.js";import"./chunk-B6VYLIUS.js";import"./chunk-45AXIIYV.js";import"./chunk-XEFKEVEV.js";import"./chunk-QOBFHNJ6.js";import"./chunk-JO6M2EVI.js";export{b as decodeWorker,a as default};
