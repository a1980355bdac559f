import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-6EM2ORIR.js";import"./chunk-45AXIIYV.js";import"./chunk-XEFKEVEV.js";import"./chunk-QOBFHNJ6.js";import"./chunk-JO6M2EVI.js";export{a as default,b as hashWorker};
