import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-VZ6T5IOG.js";import"./chunk-JFXO63QB.js";import"./chunk-KATRNFBN.js";import"./chunk-B6VYLIUS.js";import"./chunk-45AXIIYV.js";import"./chunk-XEFKEVEV.js";import"./chunk-QOBFHNJ6.js";import"./chunk-JO6M2EVI.js";export{a as default,b as embedWorker};
