import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-QYVFDKNI.js";import"./chunk-GMOG4BXG.js";import"./chunk-EV2QO4TD.js";import"./chunk-CCH6SZOC.js";import"./chunk-45AXIIYV.js";import"./chunk-XEFKEVEV.js";import"./chunk-QOBFHNJ6.js";import"./chunk-JO6M2EVI.js";export{b as decodeWorker,a as default};
