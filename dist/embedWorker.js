import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-GUJ7AQQH.js";import"./chunk-EV2QO4TD.js";import"./chunk-3D3VT6O5.js";import"./chunk-CCH6SZOC.js";import"./chunk-45AXIIYV.js";import"./chunk-XEFKEVEV.js";import"./chunk-QOBFHNJ6.js";import"./chunk-JO6M2EVI.js";export{a as default,b as embedWorker};
