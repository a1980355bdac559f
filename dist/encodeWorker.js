import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b}from"./chunk-NV5JPCQO.js";import"./chunk-VAYSG6ZJ.js";import"./chunk-OUJIDJ4X.js";import"./chunk-KOSG2YXX.js";import"./chunk-FT3TRW2S.js";import"./chunk-72IMWDS2.js";import"./chunk-JO6M2EVI.js";export{a as default,b as encodeWorker};
